"""No page has a serious finding of axe-core (WCAG 2.2 A and AA): in both themes, large, on phone and desktop."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.chat import PHONE, QUESTION, Chat, NewPage

pytestmark = pytest.mark.browser


def opened(page: Page) -> Chat:
    """The chat; on a phone it is behind its button."""
    chat = Chat(page)
    if not chat.input.is_visible():
        chat.launcher.click()
    return chat


def answered(page: Page) -> None:
    opened(page).ask(QUESTION)
    Chat(page).entries("bot").locator("details.citations summary").first.click()


def rating(page: Page) -> None:
    opened(page).ask(QUESTION)
    Chat(page).menu("评价服务")


def dialog(item: str) -> Callable[[Page], None]:
    """Opens a dialog of the menu after a question."""

    def act(page: Page) -> None:
        opened(page).ask(QUESTION)
        Chat(page).menu(item)
        expect(Chat(page).root.get_by_role("dialog", name=re.compile("继续|语言"))).to_be_visible()

    return act


def coded(page: Page) -> None:
    """The code for WeChat is there."""
    dialog("在微信中继续")(page)
    expect(Chat(page).root.get_by_alt_text("二维码")).to_be_visible()


def unverified(page: Page) -> None:
    """It does not go on by text message, and says why."""
    dialog("用短信继续")(page)
    Chat(page).root.get_by_role("button", name="同意并转到短信").click()
    expect(Chat(page).root.get_by_role("alert")).to_be_visible()


def menu(page: Page) -> None:
    opened(page).root.get_by_role("button", name="更多操作").click()


def asked_to_erase(page: Page) -> None:
    opened(page).ask(QUESTION)
    Chat(page).menu("删除我的记录")


def nothing(page: Page) -> None:
    """Just the page."""


@pytest.mark.parametrize(
    ("theme", "size"), [("light", PHONE), ("dark", {"width": 1280, "height": 900})], ids=["light-phone", "dark-desktop"]
)
@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/", answered), ("/", rating), ("/", menu), ("/", asked_to_erase), ("/", coded),
        ("/", unverified), ("/", dialog("语言")), ("/privacy", nothing), ("/embed", nothing),
        ("/services", nothing), ("/services/calc_deed", nothing), ("/services/file_vat", nothing),
        ("/nowhere", nothing), ("/channels/wechat/bind", nothing),
    ],
    ids=[
        "answer", "rating", "menu", "erasing", "wechat", "sms", "language", "privacy", "embed", "services",
        "calculator", "signing-in", "unknown", "binding",
    ],
)  # fmt: skip
def test_no_serious_finding(
    new_page: NewPage, path: str, act: Callable[[Page], None], theme: str, size: dict[str, int]
) -> None:
    page = new_page(path, viewport=size, color_scheme=theme)
    act(page)
    assert findings(page) == []
