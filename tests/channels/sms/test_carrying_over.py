"""A chat of the web goes on by text message: with the phone proved in it, once, for nobody else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bot.conversation.service import ConversationService
from channels.base import Call
from channels.sms import wording
from hub import audit
from hub.accounts import people, sessions
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.kit.rates import limiter
from hub.settings import get_settings
from services.gateways.sms import callbacks
from tests.channels.bench import Bench
from tests.channels.hands.carriers import Carriers
from tests.channels.hands.sms import SECRET
from tests.hub.accounts.clock_hands import Hands

PHONE, OTHER = "1390000" + "0001", "1390000" + "0002"
SAID = wording.CARRIED.format(tail=PHONE[-4:])
ASKED = "我在网页上问"


class WebChat:
    """A chat in the web widget."""

    def __init__(self, door: Bench, conversations: ConversationService, conversation_id: UUID, token: str) -> None:
        self.door, self.conversations, self.id, self.token = door, conversations, conversation_id, token

    async def press(self, token: str | None = None, *, body: object = None) -> httpx.Response:
        """Press 用短信继续 and agree."""
        return await self.door._http.post(
            f"/channels/sms/carry/{self.id}",
            json={"consent": True} if body is None else body,
            headers={"Authorization": f"Bearer {token or self.token}"},
        )

    async def carry(self, token: str | None = None, *, body: object = None) -> httpx.Response:
        """Press it; what is due goes out."""
        response = await self.press(token, body=body)
        await self.door.deliver()
        return response

    async def verified(self, phone: str = PHONE) -> None:
        """The phone is proved in this conversation."""
        async with transaction() as session:
            person = await people.person_by_phone(session, phone)
            await sessions.begin(session, f"conversation:{self.id}", person.id)

    async def shown(self) -> list[tuple[str, str | None]]:
        """What the widget shows of ours, and where it says that the talk went on."""
        history = await self.conversations.history(self.id)
        return [(one.text, one.carried) for one in history.messages if one.author != "user"]


async def begun(door: Bench, conversations: ConversationService) -> WebChat:
    conversation_id, token = await conversations.create("web", "zh-CN", consent=True)
    await conversations.say(conversation_id, ASKED, "w1")
    return WebChat(door, conversations, conversation_id, token)


@pytest.fixture
async def web(door: Bench, conversations: ConversationService) -> WebChat:
    """A chat of the web with one question in it, whose holder has not asked for anything in this minute."""
    limiter.storage.reset()
    return await begun(door, conversations)


def writes(text: str, phone: str = PHONE) -> Call:
    body = callbacks.said("aliyun", phone, text, clock.now(), new_id().int % 10**12)
    return Call("POST", {"carrier": "aliyun", "token": SECRET}, {}, body)


async def test_it_goes_on_with_the_phone_that_was_proved(
    door: Bench, carriers: Carriers, web: WebChat, hands: Hands
) -> None:
    await web.verified()
    response = await web.carry()
    assert (response.status_code, response.json()) == (200, {"tail": "0001"})
    assert carriers.texts(PHONE) == [SAID], "one message says how to go on, and nothing older is sent after it"
    assert (await web.shown())[-1] == (SAID, "sms")
    hands.move(seconds=5)
    await door.say(writes("我在短信上问"))
    assert [(one.conversation_id, one.text) for one in await door.stored()] == [
        (web.id, ASKED), (web.id, "我在短信上问"),
    ]  # fmt: skip
    assert carriers.texts(PHONE)[-1] == "听到：我在短信上问"
    assert (await web.shown())[-1] == ("听到：我在短信上问", None)


async def test_a_repeat_sends_and_says_nothing_more(carriers: Carriers, web: WebChat) -> None:
    await web.verified()
    for _ in range(3):
        assert (await web.carry()).json() == {"tail": "0001"}
    assert carriers.texts(PHONE) == [SAID]
    assert [text for text, carried in await web.shown() if carried] == [SAID]


async def test_two_presses_at_once_are_one(door: Bench, carriers: Carriers, web: WebChat) -> None:
    await web.verified()
    answers = await asyncio.gather(*(web.press() for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    await door.deliver()
    assert carriers.texts(PHONE) == [SAID]


async def test_who_went_back_to_the_web_can_go_on_by_phone_again(
    carriers: Carriers, web: WebChat, conversations: ConversationService, hands: Hands
) -> None:
    await web.verified()
    await web.carry()
    await conversations.say(web.id, "又在网页上问", "w2")
    hands.move(seconds=60)
    await web.carry()
    assert carriers.texts(PHONE) == [SAID, SAID]


async def test_without_a_proved_phone_it_says_how_to_prove_one(carriers: Carriers, web: WebChat) -> None:
    response = await web.carry()
    assert (response.status_code, response.json()["code"]) == (403, "phone_not_verified")
    assert response.json()["detail"] == wording.NO_PHONE
    assert carriers.sent == []
    assert [carried for _, carried in await web.shown()] == [None]


async def test_a_phone_proved_in_another_talk_is_none_here(
    door: Bench, carriers: Carriers, web: WebChat, conversations: ConversationService
) -> None:
    await (await begun(door, conversations)).verified()
    assert (await web.carry()).json()["code"] == "phone_not_verified"
    assert carriers.sent == []


async def test_a_proof_that_is_over_is_none(carriers: Carriers, web: WebChat, hands: Hands) -> None:
    await web.verified()
    hands.now += timedelta(hours=get_settings().session_hours)
    assert (await web.carry()).json()["code"] == "phone_not_verified"
    assert carriers.sent == []


async def test_only_the_holder_carries_it(
    door: Bench, carriers: Carriers, web: WebChat, conversations: ConversationService
) -> None:
    await web.verified()
    foreign = await begun(door, conversations)
    for token in ("wrong", foreign.token):
        assert (await web.carry(token)).status_code == 401
    assert carriers.sent == []


@pytest.mark.parametrize("body", [{}, {"consent": False}, {"consent": True, "phone": OTHER}])
async def test_nothing_is_carried_without_consent_nor_to_a_phone_that_is_named(
    carriers: Carriers, web: WebChat, body: dict[str, object]
) -> None:
    await web.verified()
    assert (await web.carry(body=body)).status_code == 422
    assert carriers.sent == []


async def test_who_opted_out_is_told_how_to_take_it_back(
    door: Bench, carriers: Carriers, web: WebChat, hands: Hands
) -> None:
    await door.say(writes("TD"))
    hands.move(seconds=60)
    carriers.sent.clear()
    await web.verified()
    response = await web.carry()
    assert (response.status_code, response.json()["code"]) == (409, "phone_opted_out")
    assert response.json()["detail"] == wording.PHONE_OPTED_OUT.format(tail="0001")
    assert carriers.sent == []
    await door.say(writes("恢复"))
    hands.move(seconds=60)
    assert (await web.carry()).status_code == 200
    assert carriers.texts(PHONE)[-1] == SAID


async def test_the_audit_says_who_agreed_to_what(web: WebChat) -> None:
    await web.verified()
    for _ in range(2):
        assert (await web.carry()).status_code == 200
    async with transaction() as session:
        person = await people.person_by_phone(session, PHONE)
        found = await session.scalars(select(audit.AuditEntry).where(audit.AuditEntry.action == "conversation.carry"))
        [entry] = found.all()
    assert (entry.actor, entry.subject) == (f"person:{person.id}", str(web.id))
    assert entry.detail == {"to": "sms", "agreed": wording.CONSENT, "version": wording.CONSENT_VERSION}
