"""A person uploads files into their own conversation, sends them, gets them again; nobody else does."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from bot.conversation import files, handoff, repository
from bot.conversation.attachments import handed_values
from bot.conversation.models import ConversationFile, HandoffReason
from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from channels.pictures import InvoicePictures
from channels.registry import keepers
from hub.accounts.models import Role
from hub.accounts.service import create_staff
from hub.app import create_app
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.rates import limiter
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire
from tests.pictures import DIGITAL, hostile, page, photo, saved

PDF = b"%PDF-1.7\n1 0 obj\n"


def archive(*names: str) -> bytes:
    """A ZIP with these files."""
    content = BytesIO()
    with ZipFile(content, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return content.getvalue()


class Person:
    """Somebody with a conversation of their own."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http, self.path, self.bearer = http, "", dict[str, str]()

    async def begins(self) -> Person:
        begun = (await self.http.post("/api/v1/conversations", json={"consent": True})).json()
        self.path = f"/api/v1/conversations/{begun['conversation_id']}"
        self.bearer = {"Authorization": f"Bearer {begun['token']}"}
        return self

    @property
    def talk(self) -> uuid.UUID:
        return uuid.UUID(self.path.rpartition("/")[2])

    async def upload(self, content: bytes, name: str = "a.jpg", **more: Any) -> httpx.Response:
        sent = {"files": {"file": (name, content)}, "headers": self.bearer, **more}
        return await self.http.post(f"{self.path}/attachments", **sent)

    async def says(self, text: str, *attachments: str, number: str = "m1") -> httpx.Response:
        body = {"text": text, "client_message_id": number, "attachments": list(attachments)}
        return await self.http.post(f"{self.path}/messages", json=body, headers=self.bearer)

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(f"{self.path}{path}", headers=self.bearer)


@pytest.fixture
async def app(empty_database: str, rasa: RasaWire) -> AsyncIterator[FastAPI]:
    """The hub, with Rasa played at its wire."""
    limiter.storage.reset()
    made, settings = create_app(), get_settings()
    made.state.conversations = ConversationService(
        settings, DialogueClient(settings, transport=rasa), InvoicePictures(keepers)
    )
    yield made
    await made.state.conversations.close()


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
        yield client


@pytest.fixture
async def ann(http: httpx.AsyncClient) -> Person:
    return await Person(http).begins()


class TestUploading:
    async def test_a_picture_comes_back_as_it_was(self, ann: Person) -> None:
        content = photo(DIGITAL)
        answer = await ann.upload(content, "发票 照片.jpg")
        assert answer.status_code == 201, answer.text
        told = answer.json()
        assert told == {
            "id": told["id"], "kind": "image", "name": "发票 照片.jpg", "content_type": "image/jpeg",
            "size": len(content),
        }  # fmt: skip
        back = await ann.get(f"/attachments/{told['id']}")
        assert back.content == content
        assert back.headers["content-disposition"].startswith("attachment;")
        assert back.headers["cache-control"] == "no-store"

    async def test_it_lies_there_as_ciphertext(self, ann: Person) -> None:
        await ann.upload(PDF, "机密.pdf")
        async with transaction() as session:
            row = (await session.execute(text("select name, sealed from conversation_file"))).one()
        assert b"%PDF" not in row.sealed
        assert "机密".encode() not in row.name

    @pytest.mark.parametrize(
        ("name", "content", "kind"),
        [
            ("a.pdf", PDF, "application/pdf"),
            ("a.PNG", saved(page(size=(200, 200)), "PNG"), "image/png"),
            ("image", saved(page(size=(200, 200)), "PNG"), "image/png"),
            ("a.jpg", saved(page(size=(200, 200)), "PNG"), "image/png"),
            ("a.webp", saved(page(size=(200, 200)), "WEBP"), "image/webp"),
            ("账.docx", archive("[Content_Types].xml", "word/document.xml"), "wordprocessingml.document"),
            ("账.xlsx", archive("xl/workbook.xml"), "spreadsheetml.sheet"),
            ("票.ofd", archive("OFD.xml"), "application/ofd"),
            ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "application/msword"),
            ("a.csv", "税号,金额\n".encode("gb18030"), "text/csv"),
            ("a.xml", "\ufeff<?xml version='1.0'?><发票/>".encode(), "application/xml"),
        ],
    )
    async def test_what_is_taken(self, ann: Person, name: str, content: bytes, kind: str) -> None:
        answer = await ann.upload(content, name)
        assert answer.status_code == 201, answer.text
        assert answer.json()["content_type"].endswith(kind)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.exe", b"MZ\x90"), ("a.pdf", b"MZ\x90"), ("a.jpg", PDF), ("a.pdf", photo(DIGITAL)),
            ("a.html", b"<script>alert(1)</script>"), ("a.svg", b"<svg/>"), ("a.docx", archive("evil.exe")),
            ("a.docx", b"PK\x03\x04broken"), ("a.txt", b"\x00\x01\x02"), ("a.xml", "没有".encode()), ("", b"hello"),
            ("a.xls", b"MZ"), ("a.jpg", b""), ("a.mp4", b"\x00\x00\x00\x18ftypmp42"),
        ],
    )  # fmt: skip
    async def test_what_is_not(self, ann: Person, name: str, content: bytes) -> None:
        answer = await ann.upload(content, name or "x")
        assert answer.status_code == 422, answer.text
        assert "没有保存" in answer.json()["detail"]
        async with transaction() as session:
            assert await session.scalar(select(func.count()).select_from(ConversationFile)) == 0

    async def test_what_is_too_large(self, ann: Person) -> None:
        image = await ann.upload(saved(page(size=(200, 200))) + b"\x00" * 11 * 2**20)
        assert (image.status_code, image.json()["code"]) == (413, "attachment_too_large")
        assert "10MB" in image.json()["detail"]
        document = await ann.upload(PDF + b"\x00" * 21 * 2**20, "a.pdf")
        assert document.status_code == 413
        assert document.json()["detail"]

    async def test_a_name_is_only_a_name(self, ann: Person) -> None:
        told = (await ann.upload(PDF, "..\\..\\etc/\u202e机密\u200b.pdf")).json()
        assert told["name"] == "机密.pdf"

    @pytest.mark.parametrize("body", [b"", b"--x\r\n\r\n", b"nonsense"])
    async def test_what_is_no_form(self, ann: Person, body: bytes) -> None:
        headers = {**ann.bearer, "content-type": "multipart/form-data; boundary=x"}
        answer = await ann.http.post(f"{ann.path}/attachments", content=body, headers=headers)
        assert answer.status_code in (400, 422), answer.text

    async def test_not_too_often(self, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(get_settings(), "rate_upload", "1/minute")
        assert (await ann.upload(PDF, "a.pdf")).status_code == 201
        assert (await ann.upload(PDF, "a.pdf")).status_code == 429

    async def test_not_too_many(self, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MOST_FILES", 2)
        codes = [(await ann.upload(PDF, "a.pdf")).status_code for _ in range(3)]
        assert codes == [201, 201, 409]

    async def test_nobody_else_uploads_reads_or_sends(self, ann: Person, http: httpx.AsyncClient) -> None:
        file = (await ann.upload(PDF, "a.pdf")).json()["id"]
        eve = await Person(http).begins()
        own = dict(eve.bearer)
        eve.path, path = ann.path, eve.path
        assert (await eve.upload(PDF, "a.pdf")).status_code == 401
        assert (await eve.get(f"/attachments/{file}")).status_code == 401
        eve.path = path
        assert (await eve.get(f"/attachments/{file}")).status_code == 404
        assert (await eve.says("看", file)).status_code == 422
        assert (await http.delete(f"{path}/attachments/{file}", headers=own)).status_code == 404
        assert (await ann.get(f"/attachments/{file}")).content == PDF

    async def test_taken_back_before_it_is_sent(self, ann: Person) -> None:
        file = (await ann.upload(PDF, "a.pdf")).json()["id"]
        gone = await ann.http.delete(f"{ann.path}/attachments/{file}", headers=ann.bearer)
        assert gone.status_code == 204
        assert (await ann.get(f"/attachments/{file}")).status_code == 404
        sent = (await ann.upload(PDF, "a.pdf")).json()["id"]
        await ann.says("", sent)
        kept = await ann.http.delete(f"{ann.path}/attachments/{sent}", headers=ann.bearer)
        assert kept.status_code == 404
        assert (await ann.get(f"/attachments/{sent}")).status_code == 200


class TestSending:
    async def test_the_photo_of_an_invoice(self, ann: Person, rasa: RasaWire) -> None:
        file = (await ann.upload(photo(DIGITAL))).json()["id"]
        first = (await ann.says("", file)).json()
        again = (await ann.says("", file)).json()
        assert first["messages"] == again["messages"], "a repeat is harmless"
        (heard,) = rasa.texts()
        assert handed_values(heard)["total_with_tax"] == "1130.00"
        assert first["messages"][0]["text"].startswith("已识别图中的发票")
        said = (await ann.get("/messages")).json()["messages"][0]
        assert said["text"] == "[图片]"
        (shown,) = said["attachments"]
        assert (shown["id"], shown["name"], shown["kind"]) == (file, "a.jpg", "image")

    async def test_a_document_without_words(self, ann: Person, rasa: RasaWire) -> None:
        file = (await ann.upload(PDF, "账.pdf")).json()["id"]
        answer = (await ann.says("", file)).json()
        assert "文件已收到" in answer["messages"][0]["text"]
        assert rasa.texts() == []

    async def test_words_are_answered(self, ann: Person, rasa: RasaWire) -> None:
        file = (await ann.upload(PDF, "账.pdf")).json()["id"]
        await ann.says("这个表怎么填", file)
        assert rasa.texts() == ["这个表怎么填"]

    @pytest.mark.parametrize("content", [one for one in hostile() if one.startswith((b"\xff\xd8\xff", b"\x89PNG"))])
    async def test_what_no_camera_makes(self, ann: Person, content: bytes) -> None:
        file = (await ann.upload(content, "x")).json()["id"]
        assert "打不开" in (await ann.says("", file)).json()["messages"][0]["text"]

    async def test_at_most_three_and_only_what_is_there(self, ann: Person) -> None:
        assert (await ann.says("看", *[str(uuid.uuid4()) for _ in range(4)])).status_code == 422
        missing = await ann.says("看", str(uuid.uuid4()))
        assert missing.json()["code"] == "attachments_not_found"
        assert (await ann.get("/messages")).json()["messages"] == []

    async def test_an_agent_saves_it(self, ann: Person) -> None:
        file = (await ann.upload(PDF, "账.pdf")).json()["id"]
        await ann.says("", file)
        async with transaction() as session:
            await handoff.hand_off(session, ann.talk, HandoffReason.CUSTOMER_REQUEST)
            token = await create_staff(session, "agent1", display_name="小李", role=Role.AGENT)
        message = (await ann.get("/messages")).json()["messages"][0]["id"]
        path = f"/api/v1/staff/conversations/{ann.talk}/messages/{message}/attachments/0"
        answer = await ann.http.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.content == PDF
        assert answer.headers["content-type"] == "application/pdf"


class TestForgetting:
    async def count(self) -> int:
        async with transaction() as session:
            return await session.scalar(select(func.count()).select_from(ConversationFile)) or 0

    async def test_with_the_conversation(self, ann: Person) -> None:
        await ann.upload(PDF, "a.pdf")
        assert (await ann.http.delete(ann.path, headers=ann.bearer)).status_code == 204
        assert await self.count() == 0

    async def test_after_their_time(self, ann: Person) -> None:
        sent = (await ann.upload(PDF, "a.pdf")).json()["id"]
        await ann.says("看", sent)
        await ann.upload(PDF, "never-sent.pdf")
        now = clock.now()
        async with transaction() as session:
            await files.erase_before(session, now - timedelta(days=30), now - timedelta(days=1))
        assert await self.count() == 2
        async with transaction() as session:
            await files.erase_before(session, now - timedelta(days=30), clock.now())
        assert await self.count() == 1, "what nobody sent goes first"
        async with transaction() as session:
            await repository.erase_older_than(session, now - timedelta(days=30))
            await files.erase_before(session, clock.now(), clock.now())
        assert (await ann.get(f"/attachments/{sent}")).json()["code"] == "attachment_not_found"
