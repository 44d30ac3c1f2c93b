"""A talk that was begun on the web goes on in WeChat or by text message, as its person does it."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid

import pytest
from playwright.sync_api import Locator, Route, expect

from channels.sms import wording
from hub.settings import ROOT
from tests.browser.chat import ANSWER_MS, PHONE, QUESTION, Chat, NewPage
from tests.phones import last_code
from tests.product import Product

pytestmark = pytest.mark.browser

CODES = "**/channels/wechat/carry/*"


def in_wechat(product: Product, *lines: str, user: str) -> str:
    """A WeChat user scans and writes, through the real webhook; all that their terminal showed."""
    ended = subprocess.run(
        [sys.executable, "-m", "hub.cli", "channels", "simulate", "wechat", "--wait", "8", "--user", user],
        cwd=ROOT, env=product.environment, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
        timeout=240,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr + product.log_tails()
    return ended.stdout


def scanned(dialog: Locator) -> str:
    """What the code says, which a phone on the desk would read: the dialog's link says the same."""
    expect(dialog.get_by_alt_text("二维码")).to_be_visible()
    address = dialog.locator("a", has_text="用链接打开微信").get_attribute("href")
    assert address
    return address


class TestWechat:
    def test_it_goes_on_there_once_the_person_agreed_there(self, new_page: NewPage, product: Product) -> None:
        chat = Chat(new_page(viewport={"width": 1280, "height": 900}))
        chat.ask(QUESTION)
        chat.menu("在微信中继续")
        dialog = chat.root.get_by_role("dialog", name="在微信中继续")
        expect(dialog).to_contain_text("在微信里回复“同意”")
        expect(dialog.get_by_role("timer")).to_have_text(re.compile(r"剩余有效时间 (10:00|9:\d\d)"))
        code, user = scanned(dialog), f"o{uuid.uuid4().hex}"
        assert "同意请回复“同意”" in in_wechat(product, f"/scan {code}", user=user)
        expect(dialog).to_be_visible()
        assert "已转到微信" in in_wechat(product, "同意", user=user)
        told = chat.root.get_by_role("dialog", name="咨询已转到微信继续")
        expect(told.get_by_role("button", name="完成")).to_be_focused()
        told.get_by_role("button", name="完成").click()
        expect(chat.root.get_by_role("dialog")).to_have_count(0)
        expect(chat.entries("system").last).to_contain_text("咨询已转到微信继续。")
        # what is said there is seen here
        assert "10万元" in in_wechat(product, "小规模纳税人月销售额多少免征增值税", user=user)
        expect(chat.entries("bot").last).to_contain_text("10万元", timeout=ANSWER_MS)

    def test_a_phone_gets_a_link_for_what_it_cannot_scan(self, new_page: NewPage) -> None:
        chat = Chat(new_page(viewport=PHONE, is_mobile=True, has_touch=True))
        chat.launcher.click()
        chat.ask(QUESTION)
        chat.menu("在微信中继续")
        dialog = chat.root.get_by_role("dialog", name="在微信中继续")
        expect(dialog.get_by_role("link", name="用链接打开微信")).to_have_attribute("href", re.compile("^https?://"))

    def test_a_code_whose_time_is_over_is_replaced(self, new_page: NewPage) -> None:
        page = new_page()
        page.clock.install()
        page.reload()
        chat = Chat(page)
        chat.ask(QUESTION)
        chat.menu("在微信中继续")
        dialog = chat.root.get_by_role("dialog", name="在微信中继续")
        first = scanned(dialog)
        page.clock.fast_forward("10:05")
        expect(dialog.get_by_role("status")).to_have_text("二维码已更新，请扫描新的二维码。")
        assert scanned(dialog) != first
        expect(dialog.get_by_role("timer")).to_have_text(re.compile(r"(10:00|9:\d\d)"))

    def test_when_no_code_can_be_made_it_says_so_and_can_be_tried_again(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        problem = {"status": 503, "code": "unavailable", "detail": "微信暂时不可用，请稍后再试。"}
        page.route(CODES, lambda route: route.fulfill(status=503, json=problem), times=1)
        chat.menu("在微信中继续")
        dialog = chat.root.get_by_role("dialog", name="在微信中继续")
        expect(dialog.get_by_role("status")).to_have_text("二维码没有生成：微信暂时不可用，请稍后再试。")
        dialog.get_by_role("button", name="重新获取二维码").click()
        expect(dialog.get_by_alt_text("二维码")).to_be_visible()

    def test_where_the_doors_are_shut_nothing_is_offered(self, new_page: NewPage) -> None:
        page = new_page("/privacy")

        def shut(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "carries": []})

        page.route("**/api/v1/site", shut)
        page.goto("/")
        chat = Chat(page)
        chat.ask(QUESTION)
        chat.root.get_by_role("button", name="更多操作").click()
        expect(chat.root.get_by_role("menuitem", name="导出我的记录")).to_be_visible()
        expect(chat.root.get_by_role("menuitem", name="在微信中继续")).to_have_count(0)
        expect(chat.root.get_by_role("menuitem", name="用短信继续")).to_have_count(0)

    def test_before_the_first_question_there_is_nothing_to_carry(self, new_page: NewPage) -> None:
        chat = Chat(new_page())
        chat.root.get_by_role("button", name="更多操作").click()
        expect(chat.root.get_by_role("menuitem", name="转人工")).to_be_visible()
        expect(chat.root.get_by_role("menuitem", name="在微信中继续")).to_have_count(0)


class TestTextMessages:
    def test_the_phone_is_verified_first_and_then_it_goes_on_there(self, new_page: NewPage, product: Product) -> None:
        phone = f"139{uuid.uuid4().int % 10**8:08d}"
        chat = Chat(new_page())
        chat.ask(QUESTION)
        chat.menu("用短信继续")
        dialog = chat.root.get_by_role("dialog", name="用短信继续")
        dialog.get_by_role("button", name="同意并转到短信").click()
        expect(dialog.get_by_role("alert")).to_contain_text("还没有验证手机号码")
        verify = dialog.get_by_role("button", name="去验证手机号码")
        expect(verify).to_be_focused()
        verify.click()
        chat.expect_answered("登录")
        chat.ask(phone)
        expect(chat.entries("bot").last).to_contain_text("6位验证码", timeout=ANSWER_MS)
        chat.ask(last_code(product, phone))
        expect(chat.log).to_contain_text("登录成功", timeout=ANSWER_MS)
        chat.menu("用短信继续")
        # what is agreed to is what the audit keeps
        expect(dialog).to_contain_text(wording.CONSENT)
        dialog.get_by_role("button", name="同意并转到短信").click()
        told = chat.root.get_by_role("dialog", name="咨询已转到短信继续")
        expect(told).to_contain_text(f"尾号 {phone[-4:]}")
        told.get_by_role("button", name="完成").click()
        expect(chat.entries("system").last).to_contain_text(f"咨询已转到短信继续，后续答复发到尾号{phone[-4:]}的手机")
        # the phone answers, and the chat shows what is said there
        said = product.command("sandbox", "sms", "say", phone, "小规模纳税人月销售额多少免征增值税")
        assert said.returncode == 0, said.stderr
        expect(chat.entries("bot").last).to_contain_text("10万元", timeout=ANSWER_MS)
        read = product.command("sandbox", "sms", "read", phone)
        assert "咨询已转到短信继续" in read.stdout
