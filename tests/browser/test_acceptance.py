"""What a new user tries first, in a browser: ask, read the legal basis, check an invoice with a question in between."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.chat import ANSWER_MS, PHONE, Chat, NewPage

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 800}, PHONE], ids=["desktop", "phone"])
def test_ask_and_check_an_invoice_with_a_digression(new_page: NewPage, viewport: dict[str, int]) -> None:
    page = new_page("/", viewport=viewport)
    chat = Chat(page)
    if viewport == PHONE:
        chat.launcher.click()
    chat.ask("小规模纳税人2026年月销售额多少免征增值税")
    answer = chat.entries("bot").last
    expect(answer).to_contain_text("10万元")
    sources = answer.locator("details.citations")
    sources.locator("summary").click()
    expect(sources).to_contain_text("公告2026年第10号")
    expect(sources).to_contain_text("规范性文件")

    chat.ask("帮我查一张发票")
    expect(chat.entries("bot").last).to_contain_text("发票号码")
    chat.ask("26322000000000001130")
    expect(chat.entries("bot").last).to_contain_text("开票日期")
    chat.ask("数电发票当天能查吗")
    # the question is answered, then the form goes on
    expect(chat.entries("bot").last).to_contain_text("开票日期", timeout=ANSWER_MS)
    chat.ask("2026年9月3号")
    expect(chat.entries("bot").last).to_contain_text("价税合计")
    chat.ask("1130元")
    expect(chat.entries("bot").last).to_contain_text("一致")


def test_the_page_says_what_it_is(new_page: NewPage) -> None:
    page = new_page()
    expect(page.get_by_text("演示环境").first).to_be_visible()
    expect(page.locator("tax-chat").get_by_text("仅供参考").first).to_be_visible()
