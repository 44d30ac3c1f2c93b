"""Somebody sends pictures and files in the widget: an invoice's photo is inspected, what cannot be sent is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from tests.browser.axe import findings
from tests.browser.chat import ANSWER_MS, PHONE, SMALL_PHONE, Chat, NewPage
from tests.pictures import photo

pytestmark = [pytest.mark.dialogue, pytest.mark.browser]

# each invoice can be inspected five times a day, so that other tests have others
LODGING = "01,32,,26512000000000006880,688.00,20261021,,0A1B"
PUMPS = "01,31,,26442000000000066218,66218.00,20260721,,FAFB"
MEAL = "01,32,,26322000000000003200,320.00,20261103,,0816"
TICKET = "01,51,,26119110000000006002,73.00,20261007,,219a"
DESKTOP = {"width": 1280, "height": 800}


def choose(chat: Chat, name: str, content: bytes, kind: str) -> None:
    """Choose a file of this device."""
    with chat.page.expect_file_chooser() as chooser:
        chat.root.get_by_role("button", name="选择附件").click()
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})


def chosen(chat: Chat) -> Locator:
    return chat.root.get_by_role("list", name="待发送的附件").get_by_role("listitem")


def send(chat: Chat) -> None:
    chat.root.get_by_role("button", name="发送").click()


@pytest.mark.parametrize(("viewport", "code"), [(PHONE, LODGING), (DESKTOP, PUMPS)], ids=["phone", "desktop"])
def test_the_photo_of_an_invoice_is_inspected(new_page: NewPage, viewport: dict[str, int], code: str) -> None:
    page = new_page("/embed", viewport=viewport)
    chat = Chat(page)
    chat.launcher.click()
    choose(chat, "发票.jpg", photo(code), "image/jpeg")
    expect(chosen(chat)).to_have_count(1)
    expect(chosen(chat)).to_contain_text(re.compile(r"发票\.jpg\s*\d+ KB"))
    assert findings(page) == []
    send(chat)
    expect(chat.answers.last).to_contain_text("查验结果：一致", timeout=ANSWER_MS)
    expect(chat.log).to_contain_text("已识别图中的发票")
    expect(chosen(chat)).to_have_count(0)
    own = chat.entries("user").last
    expect(own).to_have_attribute("data-status", "sent")
    expect(own).to_contain_text("发票.jpg")
    expect(own).not_to_contain_text("[图片]")

    page.reload()
    chat.launcher.click()
    own = chat.entries("user").last
    expect(own).to_contain_text("发票.jpg")
    expect(own).not_to_contain_text("[图片]")
    with page.expect_download() as saved:
        own.get_by_role("button", name="发票.jpg").click()
    assert saved.value.suggested_filename == "发票.jpg"
    assert Path(saved.value.path()).read_bytes() == photo(code)


def test_what_the_photo_does_not_say_is_asked_for(new_page: NewPage) -> None:
    chat = Chat(new_page("/"))
    choose(chat, "车票.jpg", photo(TICKET), "image/jpeg")
    send(chat)
    expect(chat.answers.last).to_contain_text("价税合计（小写）是多少元", timeout=ANSWER_MS)
    chat.write("73")
    expect(chat.answers.last).to_contain_text("查验结果：一致", timeout=ANSWER_MS)


def test_what_cannot_be_sent_is_told(new_page: NewPage) -> None:
    chat = Chat(new_page("/"))
    choose(chat, "安装.exe", b"MZ", "application/x-msdownload")
    expect(chat.root.get_by_text("“安装.exe”的格式不能发送")).to_be_visible()
    expect(chosen(chat)).to_have_count(0)

    # one that only its content gives away: the hub says so, the words stay where they are
    choose(chat, "账.pdf", b"MZ this is no PDF", "application/pdf")
    chat.input.fill("请看附件")
    send(chat)
    expect(chosen(chat)).to_contain_text("这种格式的文件不能接收")
    expect(chat.input).to_have_value("请看附件")
    expect(chat.entries("user")).to_have_count(0)
    chosen(chat).get_by_role("button", name="移除账.pdf").click()
    expect(chosen(chat)).to_have_count(0)
    send(chat)
    expect(chat.entries("user").last).to_contain_text("请看附件")


def test_a_lost_upload_is_tried_again(new_page: NewPage) -> None:
    page = new_page("/")
    chat = Chat(page)
    page.route("**/attachments", lambda route: route.abort())
    choose(chat, "发票.jpg", photo(MEAL), "image/jpeg")
    send(chat)
    expect(chosen(chat)).to_contain_text("网络不通")
    page.unroute("**/attachments")
    chosen(chat).get_by_role("button", name="重试").click()
    expect(chat.answers.last).to_contain_text("查验结果：一致", timeout=ANSWER_MS)


def test_pasted_and_dropped(new_page: NewPage) -> None:
    page = new_page("/")
    chat = Chat(page)
    give = """(element, [event, field, name]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['%PDF-1.7'], name, { type: 'application/pdf' }));
      const happening = new Event(event, { bubbles: true, cancelable: true });
      Object.defineProperty(happening, field, { value: transfer });
      element.dispatchEvent(happening);
    }"""
    chat.input.evaluate(give, ["paste", "clipboardData", "贴.pdf"])
    chat.panel.evaluate(give, ["drop", "dataTransfer", "拖.pdf"])
    expect(chosen(chat)).to_have_count(2)
    send(chat)
    expect(chat.answers.last).to_contain_text("文件已收到", timeout=ANSWER_MS)
    expect(chat.entries("user").last).to_contain_text("拖.pdf")


def test_the_files_are_told_of_in_the_language_of_the_interface(new_page: NewPage) -> None:
    page = new_page("/")
    chat = Chat(page)
    choose(chat, "账.pdf", b"MZ this is no PDF", "application/pdf")
    choose(chat, "安装.exe", b"MZ", "application/x-msdownload")
    expect(chat.root.get_by_text("“安装.exe”的格式不能发送")).to_be_visible()
    chat.root.evaluate("(element) => element.setAttribute('language', 'en')")
    expect(chat.root.get_by_text("安装.exe cannot be sent")).to_be_visible()
    tray = chat.root.get_by_role("list", name="Files to send").get_by_role("listitem")
    expect(tray.get_by_role("button", name="Remove 账.pdf")).to_be_visible()
    expect(chat.root.get_by_role("button", name="Choose files")).to_be_visible()
    chat.root.get_by_role("button", name="Send", exact=True).click()
    # what the hub refuses is said in the hub's words
    expect(tray.locator("[lang=zh].note")).to_contain_text("这种格式的文件不能接收")
    assert findings(page) == []
    chat.root.evaluate("(element) => element.setAttribute('language', 'zh-Hant')")
    expect(chat.root.get_by_role("list", name="待傳送的附件")).to_contain_text("这种格式的文件不能接收")


@pytest.mark.parametrize("large", [False, True])
def test_three_files_leave_room_to_write_on_a_small_phone(new_page: NewPage, large: bool) -> None:
    page = new_page("/embed", viewport=SMALL_PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce")
    chat = Chat(page)
    chat.root.evaluate("(element, large) => element.toggleAttribute('large', large)", large)
    chat.launcher.click()
    name = "2026年度第三季度小规模纳税人增值税及附加税费申报表"
    files: list[FilePayload] = [
        {"name": f"{name}{n}.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"} for n in range(3)
    ]
    chat.root.locator("input[type=file]").set_input_files(files)
    expect(chosen(chat)).to_have_count(3)
    place = chat.input.bounding_box()
    send_button = chat.root.get_by_role("button", name="发送").bounding_box()
    assert place is not None
    assert send_button is not None
    assert place["width"] > SMALL_PHONE["width"] / 2
    assert send_button["y"] + send_button["height"] <= SMALL_PHONE["height"]
    chosen(chat).last.get_by_role("button").click()
    expect(chosen(chat)).to_have_count(2)
    assert findings(page) == []
