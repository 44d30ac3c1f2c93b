"""The HTTP contracts of the product, tried from outside."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from websockets.sync.client import connect

from tests.product import Product

pytestmark = pytest.mark.dialogue


class TestAsk:
    def test_a_cited_answer(self, product: Product) -> None:
        with product.client() as http:
            body = http.post("/api/v1/ask", json={"question": "个税子女教育一个月扣多少"}).json()
        assert body["status"] == "answered"
        assert body["citations"][0]["document_number"]
        assert set(body) == {
            "status", "answer", "entry_id", "title", "confidence", "valid_on", "citations", "related",
            "suggested_skills", "redirect",
        }  # fmt: skip

    def test_the_date_decides(self, product: Product) -> None:
        with product.client() as http:
            old = http.post("/api/v1/ask", json={"question": "增值税的法律依据是什么", "as_of": "2025-12-01"}).json()
            new = http.post("/api/v1/ask", json={"question": "增值税的法律依据是什么", "as_of": "2026-02-01"}).json()
        assert {c["title"] for c in old["citations"]} != {c["title"] for c in new["citations"]}

    def test_a_skill_is_suggested_with_its_title(self, product: Product) -> None:
        with product.client() as http:
            body = http.post("/api/v1/ask", json={"question": "数电发票怎么查验"}).json()
        assert {"name": "invoice_inspection", "title": "发票查验"} in body["suggested_skills"]

    @pytest.mark.parametrize(
        "body", [{}, {"question": 5}, {"question": "x", "as_of": "2026-13-01"}, {"question": "x", "unknown": 1}]
    )
    def test_bad_input_is_explained(self, product: Product, body: object) -> None:
        with product.client() as http:
            answer = http.post("/api/v1/ask", json=body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "invalid"
        assert "请检查" in answer.json()["detail"]
        assert answer.json()["trace_id"] == answer.headers["x-trace-id"]


class TestSkills:
    def test_the_catalogue(self, product: Product) -> None:
        with product.client() as http:
            skills = {skill["name"]: skill for skill in http.get("/api/v1/skills").json()["skills"]}
        assert skills["invoice_inspection"]["plan_action"] == 10
        assert "invoice_number" in skills["invoice_inspection"]["form"]["properties"]

    def test_inspection_over_the_api(self, product: Product) -> None:
        form = {"invoice_number": "26322000000000001130", "issued_on": "2026-09-03", "total_with_tax": "1130.00"}
        with product.client() as http:
            key = {"Idempotency-Key": uuid4().hex}
            first = http.post("/api/v1/skills/invoice_inspection", json=form, headers=key)
            again = http.post("/api/v1/skills/invoice_inspection", json=form, headers=key)
            changed = {**form, "total_with_tax": "1"}
            other = http.post("/api/v1/skills/invoice_inspection", json=changed, headers=key)
        assert first.status_code == 200, first.text
        assert first.json()["status"] in ("consistent", "too_many_checks")
        assert again.json() == first.json()
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    def test_what_is_missing_is_said(self, product: Product) -> None:
        with product.client() as http:
            answer = http.post("/api/v1/skills/invoice_inspection", json={"invoice_number": "26322000000000001130"})
        assert answer.status_code == 422
        assert {error["field"] for error in answer.json()["errors"]} == {"issued_on", "total_with_tax"}

    def test_an_unknown_skill(self, product: Product) -> None:
        with product.client() as http:
            answer = http.post("/api/v1/skills/fly_to_the_moon", json={})
        assert (answer.status_code, answer.json()["code"]) == (404, "skill_not_found")


class TestConversations:
    def test_a_stranger_gets_nothing(self, product: Product) -> None:
        talk, other = product.talk(), product.talk()
        path = f"/api/v1/conversations/{talk.conversation_id}/messages"
        with product.client() as http:
            assert http.get(path).status_code == 401
            assert http.get(path, headers=other.bearer).status_code == 401
            assert http.get(f"/api/v1/conversations/{other.conversation_id}0/messages").status_code in (401, 422)

    def test_export_and_erasure(self, product: Product) -> None:
        talk = product.talk()
        talk.say("滞纳金怎么算")
        path = f"/api/v1/conversations/{talk.conversation_id}"
        exported = talk.http.get(f"{path}/export", headers=talk.bearer).json()
        assert [message["author"] for message in exported["messages"]][:2] == ["user", "bot"]
        assert talk.http.delete(path, headers=talk.bearer).status_code == 204
        assert talk.http.get(f"{path}/messages", headers=talk.bearer).status_code == 404
        for table, column in (("message", "conversation_id"), ("dialogue_tracker", "sender_id")):
            rows = product.query(f"select 1 from {table} where {column}::text = %s", talk.conversation_id)
            assert rows == []

    def test_the_stream_tells_what_happens(self, product: Product) -> None:
        talk = product.talk()
        address = f"ws://127.0.0.1:{product.port}/api/v1/conversations/{talk.conversation_id}/stream"
        with connect(address) as stream:
            stream.send(json.dumps({"type": "hello", "token": talk.token, "after": None}))
            assert json.loads(stream.recv(10))["type"] == "ready"
            said = talk.say("滞纳金怎么算")
            frames = []
            while not any(f["type"] == "message" and f["message"]["author"] == "bot" for f in frames):
                frames.append(json.loads(stream.recv(10)))
            assert frames[-1]["message"]["id"] == said["messages"][0]["id"]
            assert any(frame["type"] == "typing" for frame in frames)

    def test_the_stream_wants_the_token_first(self, product: Product) -> None:
        talk = product.talk()
        address = f"ws://127.0.0.1:{product.port}/api/v1/conversations/{talk.conversation_id}/stream"
        with connect(address) as stream:
            stream.send(json.dumps({"type": "hello", "token": "wrong"}))
            assert json.loads(stream.recv(10))["code"] == "unauthorized"


class TestHumans:
    def test_the_whole_way_to_a_human_and_back(self, product: Product) -> None:
        talk = product.talk()
        said = talk.say("转人工")
        assert said["state"] == "waiting_for_agent"
        assert said["queue"]["position"] >= 1
        assert "人工服务时间" in said["messages"][0]["text"]
        with product.staff() as staff:
            listed = staff.get("/conversations", params={"state": "waiting_for_agent"}).json()["conversations"]
            mine = next(item for item in listed if item["conversation_id"] == talk.conversation_id)
            assert mine["reason"] == "customer_request"
            path = f"/conversations/{talk.conversation_id}"
            reply = {"text": "您好", "client_message_id": "r1"}
            assert staff.post(f"{path}/reply", json=reply).json()["code"] == "not_your_chat"
            assert staff.post(f"{path}/claim").json() == {"state": "with_agent"}
            assert talk.say("小规模起征点多少")["messages"] == []
            first = staff.post(f"{path}/reply", json=reply).json()
            assert staff.post(f"{path}/reply", json=reply).json()["id"] == first["id"]
            assert staff.post(f"{path}/return", json={"note": "已答复"}).json() == {"state": "with_bot"}
            assert talk.say("滞纳金怎么算")["messages"]
            assert [m["author"] for m in talk.history() if m["author"] == "agent"] == ["agent"]
            assert staff.post(f"{path}/claim").status_code == 409

    def test_satisfaction_reaches_the_supervisor(self, product: Product) -> None:
        talk = product.talk()
        path = f"/api/v1/conversations/{talk.conversation_id}/rating"
        header = {"Authorization": f"Bearer {talk.token}"}
        with product.client() as http, product.staff() as staff:
            early = http.put(path, json={"score": 5}, headers=header)
            assert (early.status_code, early.json()["code"]) == (409, "nothing_to_rate")
            talk.say("你好")
            for wrong in ({"score": 0}, {"score": 6}, {"score": "好"}, {"comment": "好"}):
                assert http.put(path, json=wrong, headers=header).status_code == 422
            assert http.put(path, json={"score": 1}).status_code == 401
            given = http.put(path, json={"score": 1, "comment": "没有解决"}, headers=header)
            assert (given.status_code, given.json()["agent"]) == (200, None)
            listed = staff.get("/ratings/dissatisfied").json()
            assert listed["ratings"][0]["conversation_id"] == str(talk.conversation_id)
            assert listed["ratings"][0]["rating"]["comment"] == "没有解决"
            before = next(one for one in staff.get("/ratings").json() if one["agent"] is None)
            http.put(path, json={"score": 4}, headers=header)
            after = next(one for one in staff.get("/ratings").json() if one["agent"] is None)
            assert after["count"] == before["count"]
            assert after["satisfied"] > before["satisfied"]
            assert http.get(f"/api/v1/conversations/{talk.conversation_id}/export", headers=header).json()["ratings"]
            assert http.get("/api/v1/staff/ratings").status_code == 401

    def test_staff_only(self, product: Product) -> None:
        with product.client() as http:
            assert http.get("/api/v1/staff/conversations").status_code == 401

    def test_every_act_is_in_the_audit_chain(self, product: Product) -> None:
        checked = product.command("audit", "verify")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        actions = {row[0] for row in product.query("select distinct action from audit_entry")}
        assert {"conversation.claim", "conversation.reply"} <= actions


class TestHouse:
    def test_pages_carry_what_the_law_and_safety_ask_for(self, product: Product) -> None:
        with product.client() as http:
            for path in ("/", "/privacy", "/embed"):
                page = http.get(path)
                assert page.status_code == 200
                assert "default-src 'self'" in page.headers["content-security-policy"]
                assert page.headers["x-content-type-options"] == "nosniff"
                assert "仅供参考" in page.text
                assert "演示环境" in page.text
                assert "智能助手" in page.text

    def test_the_widget_learns_where_a_talk_can_go_on(self, product: Product) -> None:
        with product.client() as http:
            assert http.get("/api/v1/site").json()["carries"] == ["wechat", "sms"]

    def test_an_unknown_page_and_an_unknown_api(self, product: Product) -> None:
        with product.client() as http:
            page = http.get("/nowhere", headers={"accept": "text/html"})
            assert (page.status_code, "text/html" in page.headers["content-type"]) == (404, True)
            api = http.get("/api/v1/nowhere")
            assert (api.status_code, api.json()["code"]) == (404, "not_found")

    def test_metrics_and_health(self, product: Product) -> None:
        with product.client() as http:
            assert http.get("/healthz").json() == {"status": "alive"}
            assert http.get("/readyz").json()["status"] == "ready"
            assert "hub_requests_total" in http.get("/metrics").text

    def test_a_second_copy_says_so(self, product: Product) -> None:
        second = product.command("up")
        assert second.returncode == 1
        assert "已在运行" in second.stderr
