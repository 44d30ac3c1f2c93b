"""A citizen and the chat widget in a real browser, against the running hub."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.chat import ANSWER_MS, PHONE, QUESTION, SMALL_PHONE, Chat, NewPage, sent
from tests.product import Product

pytestmark = pytest.mark.browser


class TestAsking:
    def test_answer_cites_its_sources(self, new_page: NewPage) -> None:
        chat = Chat(new_page())
        chat.ask(QUESTION)
        sources = chat.entries("bot").locator("details.citations").first
        expect(sources.locator("summary")).to_contain_text("依据")
        expect(sources.locator("li").first).not_to_be_visible()
        sources.locator("summary").click()
        first = sources.locator("li").first
        expect(first.locator(".citation-title")).not_to_be_empty()
        expect(first.locator("dl")).to_contain_text("有效期")

    def test_consent_is_asked_before_the_first_message_and_recorded_with_it(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        notice = chat.root.locator(".consent")
        expect(notice).to_be_visible()
        expect(notice.get_by_role("link", name="隐私说明")).to_have_attribute("href", re.compile("/privacy$"))
        assert chat.session() is None
        with page.expect_request(lambda request: request.url.endswith("/api/v1/conversations")) as begun:
            chat.write(QUESTION)
        assert sent(begun.value)["consent"] is True
        expect(notice).to_be_hidden()

    def test_markup_is_shown_as_text(self, new_page: NewPage) -> None:
        chat = Chat(new_page())
        text = "<img src=x onerror=alert(1)> 怎么开发票"
        chat.write(text)
        expect(chat.entries("user").locator(".bubble")).to_have_text(text)
        expect(chat.log.locator("img")).to_have_count(0)

    def test_question_on_the_page_goes_into_the_chat(self, new_page: NewPage) -> None:
        page = new_page()
        question = page.locator("[data-ask]").first
        text = question.inner_text()
        question.click()
        Chat(page).expect_answered(text)

    def test_unread_answers_are_counted_while_the_panel_is_closed(self, new_page: NewPage) -> None:
        page = new_page("/embed")
        chat = Chat(page)
        held: list[Route] = []

        def hold_answer(route: Route) -> None:
            if route.request.method == "POST":
                held.append(route)
            else:
                route.continue_()

        page.route_web_socket("**/stream", lambda socket: socket.close())
        page.route("**/conversations/*/messages", hold_answer)
        chat.launcher.click()
        with page.expect_request("**/conversations/*/messages"):
            chat.write(QUESTION)
        page.keyboard.press("Escape")
        expect(chat.panel).to_be_hidden()
        for route in held:
            route.continue_()
        expect(chat.root.locator(".badge")).to_have_text("1", timeout=ANSWER_MS)
        chat.launcher.click()
        expect(chat.answers.first).to_be_visible()
        page.keyboard.press("Escape")
        expect(chat.root.locator(".badge")).to_be_hidden()


class TestSatisfaction:
    def test_a_verdict_is_given_with_the_keyboard_alone(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        chat.menu("评价服务")
        dialog = chat.root.get_by_role("dialog", name="您对这次服务满意吗？")
        dialog.get_by_role("button", name="提交评价").press("Enter")
        expect(dialog.get_by_role("alert")).to_have_text("请先选择满意程度。")
        dialog.get_by_role("radio", name="非常满意", exact=True).focus()
        page.keyboard.press("ArrowDown")
        dialog.get_by_label("补充意见").fill("答得清楚")
        dialog.get_by_role("button", name="提交评价").press("Enter")
        expect(chat.root.locator(".strip")).to_have_text("感谢您的评价。")
        session = chat.session()
        assert session is not None
        [rating] = chat.call("GET", session, "/export").json()["ratings"]
        assert (rating["score"], rating["comment"]) == (4, "答得清楚")

    def test_after_a_human_has_served_a_verdict_is_asked_for(self, new_page: NewPage, product: Product) -> None:
        chat = Chat(new_page())
        chat.ask("转人工")
        session = chat.session()
        assert session is not None
        with product.staff() as staff:
            path = f"/conversations/{session['conversation_id']}"
            assert staff.post(f"{path}/claim").status_code == 200
            expect(chat.root.locator(".strip")).to_contain_text("人工坐席")
            assert staff.post(f"{path}/return", json={"note": ""}).status_code == 200
        chat.root.get_by_role("button", name="请您评价刚才的人工服务").click()
        dialog = chat.root.get_by_role("dialog", name="您对这次服务满意吗？")
        dialog.get_by_text("不满意", exact=True).click()
        dialog.get_by_role("button", name="提交评价").click()
        expect(dialog).to_be_hidden()
        [rating] = chat.call("GET", session, "/export").json()["ratings"]
        assert (rating["score"], bool(rating["agent"])) == (2, True)


class TestNothingIsLost:
    def test_reload_keeps_the_conversation(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        before = chat.log.locator(".bubble").all_inner_texts()
        page.reload()
        expect(chat.log.locator(".bubble")).to_have_count(len(before))
        expect(chat.log.locator(".bubble")).to_have_text(before, use_inner_text=True)
        expect(chat.root.locator(".consent")).to_be_hidden()

    def test_message_written_offline_is_sent_once_on_reconnection(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        page.context.set_offline(True)
        expect(chat.root.locator(".banner")).to_have_text("网络已断开，正在重连…")
        late = "小规模纳税人增值税有什么优惠？"
        chat.write(late)
        entry = chat.entries("user").filter(has_text=late)
        expect(entry).to_have_attribute("data-status", "waiting")
        assert chat.outbox() == 1
        page.context.set_offline(False)
        chat.expect_answered(late)
        expect(chat.root.locator(".banner")).to_be_hidden()
        expect(entry).to_have_count(1)
        assert chat.outbox() == 0
        assert chat.recorded(late) == 1

    def test_message_written_offline_survives_a_reload(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        page.route("**/api/v1/conversations**", lambda route: route.abort())
        chat.write(QUESTION)
        expect(chat.entries("user")).to_have_attribute("data-status", "waiting")
        page.unroute("**/api/v1/conversations**")
        page.reload()
        chat.expect_answered(QUESTION)
        assert chat.recorded(QUESTION) == 1

    def test_lost_reply_does_not_double_the_message(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        page.route_web_socket("**/stream", lambda socket: socket.close())
        tries: list[str] = []

        def lose_first_reply(route: Route) -> None:
            if route.request.method != "POST":
                route.continue_()
                return
            tries.append(sent(route.request)["client_message_id"])
            if len(tries) == 1:
                route.fetch()
                route.abort()
            else:
                route.continue_()

        page.route("**/conversations/*/messages**", lose_first_reply)
        chat.ask(QUESTION)
        assert len(set(tries)) == 1
        expect(chat.entries("user")).to_have_count(1)
        assert chat.recorded(QUESTION) == 1

    def test_refused_message_stays_and_a_tap_sends_it_again(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        problem = {"status": 422, "code": "refused", "detail": "消息内容无法识别"}
        page.route(
            "**/conversations/*/messages",
            lambda route: route.fulfill(status=422, json=problem, content_type="application/problem+json"),
            times=1,
        )
        chat.write(QUESTION)
        retry = chat.root.get_by_role("button", name="发送失败 点此重试")
        expect(retry).to_contain_text("消息内容无法识别")
        retry.click()
        chat.expect_answered(QUESTION)

    def test_rate_limit_is_waited_out(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        problem = {"status": 429, "code": "too_many_requests", "detail": "提问过于频繁"}
        page.route(
            "**/conversations/*/messages",
            lambda route: route.fulfill(status=429, json=problem, headers={"Retry-After": "1"}),
            times=1,
        )
        chat.write(QUESTION)
        expect(chat.entries("user")).to_contain_text("提问过于频繁")
        chat.expect_answered(QUESTION)
        assert chat.recorded(QUESTION) == 1

    def test_answer_arrives_where_websockets_are_blocked(self, new_page: NewPage) -> None:
        page = new_page()
        opened: list[WebSocketRoute] = []

        def refuse(socket: WebSocketRoute) -> None:
            opened.append(socket)
            socket.close()

        page.route_web_socket("**/stream", refuse)
        chat = Chat(page)
        chat.ask(QUESTION)
        chat.ask("小规模纳税人增值税有什么优惠？")
        assert opened
        expect(chat.root.locator(".banner")).to_be_hidden()

    def test_unknown_conversation_is_replaced_quietly(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        first = chat.session()
        assert first is not None
        assert chat.call("DELETE", first).status == 204
        page.reload()
        chat.ask(QUESTION)
        expect(chat.entries("user")).to_have_count(1)
        second = chat.session()
        assert second is not None
        assert second["conversation_id"] != first["conversation_id"]


class TestKeyboard:
    def test_everything_is_reached_without_a_mouse(self, new_page: NewPage) -> None:
        page = new_page("/embed")
        chat = Chat(page)
        chat.tab_to("launcher")
        page.keyboard.press("Enter")
        expect(chat.panel).to_be_visible()
        expect(chat.input).to_be_focused()
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        chat.expect_answered(QUESTION)
        summary = chat.root.locator("details.citations summary").first
        for _ in range(40):
            if summary.evaluate("(element) => element.getRootNode().activeElement === element"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(chat.root.locator("details.citations li").first).to_be_visible()
        for _ in range(30):
            page.keyboard.press("Tab")
            assert chat.focused(), "the focus left the open panel"
        page.keyboard.press("Escape")
        expect(chat.panel).to_be_hidden()
        expect(chat.launcher).to_be_focused()

    def test_the_menu_is_opened_walked_and_left_by_keys(self, new_page: NewPage) -> None:
        page = new_page("/embed")
        chat = Chat(page)
        chat.tab_to("launcher")
        page.keyboard.press("Enter")
        expect(chat.input).to_be_focused()
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        chat.expect_answered(QUESTION)
        more = chat.root.get_by_role("button", name="更多操作")
        chat.root.locator(".size").focus()
        page.keyboard.press("Tab")
        expect(more).to_be_focused()
        page.keyboard.press("Enter")
        items = chat.root.get_by_role("menuitem")
        expect(items.first).to_be_focused()
        expect(more).to_have_attribute("aria-expanded", "true")
        for key, place in (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", -1), ("ArrowDown", 0),
                           ("ArrowUp", -1), ("Home", 0)):  # fmt: skip
            page.keyboard.press(key)
            expect(items.nth(place)).to_be_focused()
        for key in ("Escape", "Tab"):
            page.keyboard.press(key)
            expect(chat.root.get_by_role("menu")).to_be_hidden()
            expect(more).to_be_focused()
            expect(more).to_have_attribute("aria-expanded", "false")
            page.keyboard.press("Enter")
            expect(items.first).to_be_focused()

    @pytest.mark.parametrize(
        ("item", "role", "title"),
        [
            ("评价服务", "dialog", "您对这次服务满意吗？"), ("在微信中继续", "dialog", "在微信中继续"),
            ("用短信继续", "dialog", "用短信继续"), ("语言", "dialog", "选择界面语言"),
            ("删除我的记录", "alertdialog", "删除这次咨询的全部记录？"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/", "/embed"], ids=["page", "launcher"])
    def test_a_dialog_keeps_the_focus_and_gives_it_back(
        self, new_page: NewPage, path: str, item: str, role: Literal["dialog", "alertdialog"], title: str
    ) -> None:
        page = new_page(path)
        chat = Chat(page)
        if not chat.input.is_visible():
            chat.launcher.click()
        chat.ask(QUESTION)
        chat.root.get_by_role("button", name="更多操作").press("Enter")
        entry = chat.root.get_by_role("menuitem", name=item)
        entry.press("Enter")
        dialog = chat.root.get_by_role(role, name=title)
        expect(dialog).to_be_visible()
        expect(dialog.locator(":focus")).to_have_count(1)
        for key in ("Tab", "Shift+Tab"):
            for _ in range(9):
                page.keyboard.press(key)
                expect(dialog.locator(":focus")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(chat.root.get_by_role("button", name="更多操作")).to_be_focused()
        expect(chat.panel).to_be_visible()

    def test_shift_enter_breaks_the_line(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.input.fill("第一行")
        chat.input.press("Shift+Enter")
        page.keyboard.type("第二行")
        expect(chat.input).to_have_value("第一行\n第二行")
        expect(chat.entries("user")).to_have_count(0)

    def test_enter_that_ends_a_composition_does_not_send(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.input.focus()
        ime = page.context.new_cdp_session(page)
        ime.send("Input.imeSetComposition", {"text": "fapiao", "selectionStart": 6, "selectionEnd": 6})
        page.keyboard.press("Enter")
        # Safari ends the composition first and marks the Enter with key code 229 only.
        chat.input.evaluate(
            "(field) => field.dispatchEvent(new KeyboardEvent('keydown',"
            " {key: 'Enter', keyCode: 229, bubbles: true, composed: true}))"
        )
        expect(chat.entries("user")).to_have_count(0)
        chat.input.fill("发票怎么开")
        chat.input.press("Enter")
        expect(chat.entries("user").locator(".bubble")).to_have_text("发票怎么开")


class TestReading:
    def test_large_type_is_remembered_and_shared_with_the_page(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        bubble = chat.root.locator(".bubble").first
        expect(bubble).to_have_css("font-size", "16px")
        chat.root.get_by_role("button", name="大字").click()
        expect(bubble).to_have_css("font-size", "21px")
        expect(page.locator("h2").first).to_have_css("font-size", re.compile(r"^(2\d|3\d)"))
        page.reload()
        expect(bubble).to_have_css("font-size", "21px")
        page.get_by_role("banner").get_by_role("button", name="大字").click()
        expect(bubble).to_have_css("font-size", "16px")

    @pytest.mark.parametrize("large", [False, True])
    @pytest.mark.parametrize("path", ["/", "/privacy", "/embed"])
    def test_phone_pages_do_not_scroll_sideways(self, new_page: NewPage, path: str, large: bool) -> None:
        page = new_page(path, viewport=SMALL_PHONE, is_mobile=True, has_touch=True)
        if large:
            page.get_by_role("banner").get_by_role("button", name="大字").click()
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0

    @pytest.mark.parametrize("large", [False, True])
    def test_phone_panel_fills_the_screen_with_targets_for_thumbs(self, new_page: NewPage, large: bool) -> None:
        page = new_page(viewport=PHONE, is_mobile=True, has_touch=True, reduced_motion="reduce")
        chat = Chat(page)
        if large:
            page.get_by_role("banner").get_by_role("button", name="大字").click()
        chat.launcher.click()
        expect(chat.panel).to_be_visible()
        box = chat.panel.bounding_box()
        assert box is not None
        assert (box["x"], box["y"], box["width"]) == (0, 0, PHONE["width"])
        assert box["height"] == pytest.approx(PHONE["height"], abs=1)
        chat.input.fill(QUESTION)
        chat.root.get_by_role("button", name="发送", exact=True).click()
        chat.expect_answered(QUESTION)
        scroll = chat.root.locator(".scroll")
        assert scroll.evaluate("(element) => element.scrollWidth - element.clientWidth") == 0
        small = chat.panel.evaluate(
            "(panel) => [...panel.querySelectorAll('button, summary, textarea')]"
            ".filter((element) => element.offsetParent && element.getClientRects().length)"
            ".filter((element) => { const box = element.getBoundingClientRect();"
            " return box.height < 43.5 || box.width < 43.5; }).map((element) => element.outerHTML)"
        )
        assert small == []


class TestOwnRecords:
    def test_export_holds_the_conversation(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        with page.expect_download() as download:
            chat.menu("导出我的记录")
        assert download.value.suggested_filename.endswith(".json")
        record = Path(download.value.path()).read_text(encoding="utf-8")
        assert json.loads(record)
        assert QUESTION in record

    def test_a_transcript_that_people_can_read(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        with page.expect_download() as download:
            chat.menu("下载聊天记录")
        assert download.value.suggested_filename.endswith(".txt")
        text = Path(download.value.path()).read_text(encoding="utf-8-sig")
        assert re.search(rf"\[\d{{4}}/\d+/\d+ \d\d:\d\d:\d\d\] 您：\s+{re.escape(QUESTION)}", text)
        assert "智能助手：" in text
        assert "依据：" in text
        assert "仅供参考" in text

    def test_erasure_removes_the_record_here_and_at_the_hub(self, new_page: NewPage) -> None:
        page = new_page()
        chat = Chat(page)
        chat.ask(QUESTION)
        session = chat.session()
        assert session is not None
        chat.menu("删除我的记录")
        question = chat.root.get_by_role("alertdialog")
        question.get_by_role("button", name="取消").click()
        expect(chat.entries("user")).to_have_count(1)
        chat.menu("删除我的记录")
        question.get_by_role("button", name="删除").click()
        expect(chat.root.locator(".strip")).to_have_text("您的咨询记录已删除。")
        expect(chat.log.locator(".entry")).to_have_count(0)
        expect(chat.root.locator(".consent")).to_be_visible()
        assert chat.session() is None
        assert chat.call("GET", session, "/messages").status in (401, 404)
        page.reload()
        expect(chat.input).to_be_visible()
        expect(chat.log.locator(".entry")).to_have_count(0)

    def test_clearing_this_device_keeps_the_record_at_the_hub(self, new_page: NewPage) -> None:
        chat = Chat(new_page())
        chat.ask(QUESTION)
        session = chat.session()
        assert session is not None
        chat.menu("清空对话")
        chat.root.get_by_role("alertdialog").get_by_role("button", name="清空").click()
        expect(chat.log.locator(".entry")).to_have_count(0)
        assert chat.session() is None
        assert chat.call("GET", session, "/messages").status == 200
