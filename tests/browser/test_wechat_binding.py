"""Binding WeChat to a phone in a browser, without scripts, and the chat in WeChat that then knows who it is."""

from __future__ import annotations

import secrets
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from hub.settings import ROOT
from tests.browser.axe import findings
from tests.browser.chat import PHONE, NewPage
from tests.phones import last_code, quiet_phones
from tests.product import Product

pytestmark = pytest.mark.browser

INSIDE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile Safari/537.36 MicroMessenger/8.0.47"
BIND = "/channels/wechat/bind"


def in_wechat(product: Product, open_id: str, *lines: str) -> str:
    """Say something in WeChat, sealed and signed as WeChat does it; all that comes back."""
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "channels", "simulate", "wechat", "--user", open_id, "--wait", "10"],
        cwd=ROOT, env=product.environment, input="\n".join(lines), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def to_the_code(page: Page, open_id: str, number: str) -> None:
    """From WeChat's page to the one that asks for the code."""
    page.get_by_label("OpenID").fill(open_id)
    page.get_by_role("button", name="以此身份继续").click()
    assert "code=" not in page.url
    page.get_by_label("手机号码").fill("138")
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_role("alert")).to_contain_text("11位数字")
    page.get_by_label("手机号码").fill(number)
    page.get_by_role("button", name="获取验证码").click()
    expect(page.get_by_text("验证码已发送到")).to_be_visible()


def test_who_binds_is_known_in_wechat(product: Product, new_page: NewPage) -> None:
    quiet_phones(product)
    open_id, number = f"o{secrets.token_hex(12)}", f"139{secrets.randbelow(10**8):08d}"
    before = in_wechat(product, open_id, "提醒设置")
    assert "手机号码" in before, "nobody is known there yet"
    page = new_page(BIND, viewport=PHONE, user_agent=INSIDE, java_script_enabled=False)
    to_the_code(page, open_id, number)
    page.get_by_label("验证码").fill(last_code(product, number))
    page.get_by_role("button", name="确认绑定").click()
    expect(page.get_by_role("alert")).to_contain_text("勾选同意")
    page.get_by_label("我已阅读并同意").check()
    page.get_by_label("验证码").fill(last_code(product, number))
    page.get_by_role("button", name="确认绑定").click()
    expect(page.get_by_role("status")).to_contain_text("绑定成功")
    expect(page.get_by_text(f"139****{number[-4:]}").first).to_be_visible()
    after = in_wechat(product, open_id, "取消", "提醒设置")
    assert "申报缴税提醒要怎么设置" in after, after
    page.goto(BIND)
    page.get_by_label("OpenID").fill(open_id)
    page.get_by_role("button", name="以此身份继续").click()
    page.get_by_text("解除绑定", exact=True).click()
    page.get_by_role("button", name="确认解除").click()
    expect(page.get_by_role("status")).to_contain_text("已解除绑定")
    again = in_wechat(product, open_id, "取消", "提醒设置")
    assert "手机号码" in again, again


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_bound_page_and_the_ends_have_no_serious_finding(product: Product, new_page: NewPage, theme: str) -> None:
    quiet_phones(product)
    open_id, number = f"o{secrets.token_hex(12)}", f"139{secrets.randbelow(10**8):08d}"
    page = new_page(BIND, viewport=PHONE, user_agent=INSIDE, color_scheme=theme)
    assert findings(page) == []
    page.get_by_label("OpenID").fill(open_id)
    page.get_by_role("button", name="以此身份继续").click()
    expect(page.get_by_label("手机号码")).to_be_visible()
    assert findings(page) == []
    page.goto(BIND)
    to_the_code(page, open_id, number)
    assert findings(page) == []
    page.get_by_label("我已阅读并同意").check()
    page.get_by_label("验证码").fill(last_code(product, number))
    page.get_by_role("button", name="确认绑定").click()
    expect(page.get_by_role("status")).to_contain_text("绑定成功")
    page.get_by_text("解除绑定", exact=True).click()
    assert findings(page) == []
    page.goto(f"{BIND}/back?code=x&state=y")
    expect(page.get_by_role("alert")).to_contain_text("重新打开绑定页面")
    assert findings(page) == []
