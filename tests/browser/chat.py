"""The widget of a page, in the words of the person who uses it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

QUESTION = "个人所得税专项附加扣除有哪些？"
ANSWER_MS = 30_000
PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 320, "height": 640}

NewPage = Callable[..., Page]


def sent(request: Request) -> dict[str, Any]:
    """The JSON body of a request."""
    body = request.post_data_json
    assert isinstance(body, dict)
    return body


class Chat:
    """The widget of a page, in the words of the person who uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator("tax-chat")
        self.input = self.root.get_by_label("请输入您的问题")
        self.launcher = self.root.get_by_role("button", name="打开智能咨询")
        self.panel = self.root.locator(".panel")
        self.log = self.root.get_by_role("log")

    def entries(self, author: str) -> Locator:
        return self.log.locator(f".entry[data-author={author}]")

    @property
    def answers(self) -> Locator:
        return self.log.locator(".entry:is([data-author=bot], [data-author=agent])")

    def write(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> None:
        """Sends a question and waits until the hub has answered it."""
        self.write(text)
        self.expect_answered(text)

    def expect_answered(self, text: str) -> None:
        question = self.entries("user").filter(has_text=text).last
        expect(question).to_have_attribute("data-status", "sent", timeout=ANSWER_MS)
        answer = question.locator("xpath=following-sibling::*[@data-author='bot']").first
        expect(answer).to_be_visible(timeout=ANSWER_MS)

    def menu(self, item: str) -> None:
        self.root.get_by_role("button", name="更多操作").click()
        self.root.get_by_role("menuitem", name=item).click()

    def session(self) -> dict[str, str] | None:
        stored = self.page.evaluate(
            "Object.entries(localStorage).find(([key]) => key.endsWith(':session'))?.[1] ?? null"
        )
        return json.loads(stored) if stored else None

    def call(self, method: str, session: dict[str, str], path: str = "") -> Any:
        return self.page.request.fetch(
            f"/api/v1/conversations/{session['conversation_id']}{path}",
            method=method,
            headers={"Authorization": f"Bearer {session['token']}"},
        )

    def recorded(self, text: str) -> int:
        """How many times the hub holds this text as the citizen's message."""
        session = self.session()
        assert session is not None
        messages: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = self.call("GET", session, "/messages" + (f"?after={after}" if after else "")).json()
            messages += page["messages"]
            after = page.get("next")
            if not after:
                return sum(message["author"] == "user" and message["text"] == text for message in messages)

    def outbox(self) -> int:
        count: int = self.page.evaluate("Object.keys(localStorage).filter((key) => key.includes(':outbox:')).length")
        return count

    def focused(self) -> str:
        """Class of the focused element inside the widget; empty when the focus is elsewhere."""
        name: str = self.page.evaluate(
            "document.activeElement?.tagName === 'TAX-CHAT' ? document.activeElement.shadowRoot.activeElement"
            "?.closest('[class]').getAttribute('class') ?? '' : ''"
        )
        return name

    def tab_to(self, name: str) -> None:
        for _ in range(80):
            if name in self.focused().split():
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"the Tab key never reaches .{name}")
