"""From asking to doing, in a browser: sign in, choose the company, file, correct, pay by wallet, receipt, why."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from services.gateways.tax_core.seed import person
from tests.browser.axe import findings
from tests.browser.chat import ANSWER_MS, PHONE, Chat, NewPage
from tests.phones import first_day, last_code
from tests.product import Product

pytestmark = pytest.mark.browser

WANG = person("王小明")


def says(chat: Chat, text: str, *expected: str) -> None:
    """Say something, and find each of the words in what comes back last."""
    chat.ask(text)
    for words in expected:
        expect(chat.log.locator(".entry[data-author=bot]", has_text=words).last).to_be_visible(timeout=ANSWER_MS)


def test_the_quarters_vat_is_filed_and_paid_in_one_conversation(product: Product, new_page: NewPage) -> None:
    first_day(product)
    page = new_page("/", viewport={"width": 1280, "height": 900})
    chat = Chat(page)
    says(chat, "我要申报三季度的增值税", "请输入您的手机号码")
    chat.ask(WANG.phone)
    expect(chat.entries("bot").last).to_contain_text("6位验证码", timeout=ANSWER_MS)
    says(chat, last_code(product, WANG.phone), "请输入您的姓名")
    says(chat, WANG.name, "身份证")
    says(chat, WANG.resident_id, "以上内容确认无误吗")
    says(chat, "确认", "请问这次为谁办理")
    says(chat, "晴川咨询那家", "不含税销售额", "以上内容确认无误吗")
    # a question in between is answered, and the sheet comes back
    says(chat, "小规模要交附加税吗", "以上内容确认无误吗")
    says(chat, "不对，销售额改成35万", "350,000.00元（您填写", "以上内容确认无误吗")
    says(chat, "确认", "申报成功", "回执号")
    says(chat, "为什么是这个数", "是这样算出来的", "《增值税法》")
    says(chat, "去缴税", "要缴哪一笔税款")
    says(chat, "增值税那笔", "怎么缴款")
    says(chat, "微信支付", "请核对缴款信息")
    says(chat, "确认", "等待您付款")
    pay_at_the_cashier(page, chat)
    # nobody has to ask
    expect(chat.entries("bot").last).to_contain_text("缴款成功", timeout=ANSWER_MS)
    says(chat, "付好了吗", "完税凭证")


def pay_at_the_cashier(page: Page, chat: Chat) -> None:
    """Open the payment page from the chat's link, and press the wallet's button in the sandbox."""
    link = chat.log.locator("a[href*='/payment/']").last
    address = link.get_attribute("href")
    assert address
    till = page.context.new_page()
    till.goto(address)
    expect(till.get_by_alt_text("付款二维码")).to_be_visible()
    assert findings(till) == []
    number = re.search(r"订单号：([0-9a-f]{32})", till.inner_text("main"))
    assert number
    # a phone would scan the code; what it holds leads to the wallet, whose stand-in has this till
    wallet = page.context.new_page()
    wallet.goto(f"/sandbox/cashier/wechat/{number[1]}")
    expect(wallet.get_by_text("演示环境").first).to_be_visible()
    assert findings(wallet) == []
    wallet.get_by_role("button", name="确认支付").click()
    expect(wallet.get_by_text("支付完成")).to_be_visible(timeout=ANSWER_MS)
    wallet.close()
    # the page that showed the code learns of it by itself
    till.bring_to_front()
    expect(till.get_by_role("status")).to_contain_text("入库", timeout=ANSWER_MS)
    expect(till.get_by_alt_text("付款二维码")).to_have_count(0)
    till.close()


def test_the_same_is_done_on_pages_of_a_phone(product: Product, new_page: NewPage) -> None:
    first_day(product)
    page = new_page("/services", viewport=PHONE)
    page.get_by_label("要办什么").fill("申报增值税")
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=re.compile("^增值税申报")).click()
    page.get_by_label("手机号码").fill(WANG.phone)
    page.get_by_role("button", name=re.compile("下一步|提交")).click()
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name=re.compile("下一步|提交")).click()
    expect(page.get_by_text("验证码不对").first).to_be_visible()
    page.get_by_label("验证码").fill(last_code(product, WANG.phone))
    page.get_by_role("button", name=re.compile("下一步|提交")).click()
    page.get_by_label("姓名").fill(WANG.name)
    page.get_by_label("身份证", exact=False).first.fill(WANG.resident_id)
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="确认提交").click()
    page.get_by_label(re.compile("晴川")).check()
    page.get_by_role("button", name=re.compile("下一步|提交")).click()
    expect(page.get_by_role("heading", name="增值税申报")).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_text("确认后才会正式申报").first).to_be_visible()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_text("申报成功").first).to_be_visible()
    page.get_by_role("link", name="为什么是这个数").click()
    expect(page.get_by_text("起征点判断").first).to_be_visible()
