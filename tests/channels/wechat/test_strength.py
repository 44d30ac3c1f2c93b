"""Personal data go by no way weaker than that of the proof: a talk of the web, carried to WeChat and back."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import delete

from bot.conversation.models import Author, Message
from bot.conversation.repository import add_outbound
from bot.conversation.service import ConversationService
from channels import wording
from hub.accounts import codes, identities, people, sessions
from hub.accounts.models import ChannelIdentity, OneTimeCode, Person, Strength
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.settings import get_settings
from services.identity import service
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand
from tests.channels.wechat.test_events import ANN, WebChat, decides, do
from tests.channels.wechat.test_events import web as web

PHONE, OTHER_PHONE = "13900000021", "13900000022"
SHEET = "应缴增值税4,452.00元"
FROM_THE_WEB = "203.0.113.7"


class Talk:
    """Ann's talk: where she signs in, what she is told, and what she reads of it where."""

    def __init__(self, door: Bench, hand: WechatHand, web: WebChat, conversations: ConversationService) -> None:
        self.door, self.hand, self.web, self._conversations = door, hand, web, conversations
        self._number = 10

    @property
    def subject(self) -> str:
        return sessions.subject_of(self.web.id)

    async def identity(self) -> ChannelIdentity:
        [found] = [one for one in await self.door.identities() if one.conversation_id == self.web.id]
        return found

    async def carry(self) -> None:
        await do(self.door, self.hand, "SCAN", await self.web.scene())
        await self.door.call(decides(self.hand, ANN, "同意", 1))

    async def write_in_wechat(self) -> None:
        self._number += 1
        await self.door.say(self.hand.text(ANN, "在吗", self._number))

    async def write_on_the_web(self) -> None:
        self._number += 1
        await self._conversations.say(self.web.id, "在吗", f"w{self._number}")

    async def sign_in(self, address: str, phone: str = PHONE) -> None:
        """By a code that came to the phone, typed in there."""
        async with transaction() as session:
            issued = await codes.issue(session, phone, subject=self.subject, address="")
        done = await service.sign_in(
            phone, issued.code, asked_by=self.subject, subject=self.subject, act=str(new_id()), channel="web",
            address=address,
        )  # fmt: skip
        assert done.person_id is not None

    async def link(self, phone: str = PHONE) -> None:
        identity = await self.identity()
        async with transaction() as session:
            person = await people.person_by_phone(session, phone)
            await identities.link(session, identity.id, person.id)

    async def told(self) -> None:
        """The bot says something personal."""
        async with transaction() as session:
            said = Message(author=Author.BOT, text=SHEET, payload={"private": True})
            await add_outbound(session, self.web.id, [said])
        await self.door.deliver(later=True)

    async def on_the_web(self) -> str:
        return (await self._conversations.history(self.web.id, None, 50)).messages[-1].text

    def in_wechat(self) -> str:
        return self.door.heard()[-1]


@pytest.fixture
def talk(door: Bench, hand: WechatHand, web: WebChat, conversations: ConversationService) -> Talk:
    return Talk(door, hand, web, conversations)


async def test_proved_on_the_web_it_is_hidden_in_wechat_and_shown_on_the_web(talk: Talk) -> None:
    await talk.sign_in(FROM_THE_WEB)
    await talk.carry()
    await talk.write_in_wechat()
    await talk.told()
    assert talk.in_wechat() == wording.PRIVATE_ELSEWHERE
    assert await talk.on_the_web() == SHEET
    await talk.write_on_the_web()
    await talk.told()
    assert await talk.on_the_web() == SHEET
    assert SHEET not in "".join(talk.door.heard())


async def test_proved_again_in_wechat_it_is_shown_there(talk: Talk) -> None:
    await talk.sign_in(FROM_THE_WEB)
    await talk.carry()
    await talk.write_in_wechat()
    async with transaction() as session:
        await session.execute(delete(OneTimeCode))
    await talk.sign_in(identities.as_address(await talk.identity()))
    await talk.told()
    assert talk.in_wechat() == SHEET
    await talk.write_on_the_web()
    await talk.told()
    assert await talk.on_the_web() == SHEET, "the web is stronger"


async def test_in_a_wechat_linked_to_the_same_person_it_is_shown(talk: Talk) -> None:
    await talk.sign_in(FROM_THE_WEB)
    await talk.carry()
    await talk.write_in_wechat()
    await talk.link()
    await talk.told()
    assert talk.in_wechat() == SHEET


async def test_in_a_wechat_linked_to_somebody_else_it_is_hidden(talk: Talk) -> None:
    await talk.sign_in(FROM_THE_WEB)
    await talk.carry()
    await talk.write_in_wechat()
    await talk.link(OTHER_PHONE)
    await talk.told()
    assert talk.in_wechat() == wording.PRIVATE_ELSEWHERE


async def test_when_nobody_is_signed_in_any_more_it_is_hidden(talk: Talk) -> None:
    await talk.carry()
    await talk.write_in_wechat()
    await talk.told()
    assert talk.in_wechat() == wording.PRIVATE_ELSEWHERE


async def test_what_is_hidden_says_how_to_see_it(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings(), "public_url", "https://12366.example.gov.cn")
    await talk.sign_in(FROM_THE_WEB)
    await talk.carry()
    await talk.write_in_wechat()
    await talk.told()
    assert "https://12366.example.gov.cn/channels/wechat/bind" in talk.in_wechat()


@pytest.mark.parametrize(
    ("base", "linked", "group", "strength"),
    [
        (Strength.CHAT, False, False, Strength.CHAT), (Strength.CHAT, True, False, Strength.OWN),
        (Strength.SMS, True, False, Strength.SMS), (Strength.CHAT, True, True, Strength.OPEN),
    ],
)  # fmt: skip
def test_the_order_of_ways(base: Strength, linked: bool, group: bool, strength: Strength) -> None:
    whose = new_id()
    identity = ChannelIdentity(in_group=group, strength=base, person_id=whose if linked else None)
    assert identities.strength_of(identity, whose) is strength
    assert identities.strength_of(identity, new_id()) <= max(base, Strength.OPEN)


async def test_where_somebody_speaks_is_told_by_their_address(talk: Talk) -> None:
    await talk.carry()
    await talk.write_in_wechat()
    here = await talk.identity()
    person = await _somebody()
    async with transaction() as session:
        for address, strength in (
            (identities.as_address(here), Strength.CHAT), (FROM_THE_WEB, Strength.OWN), ("", Strength.OWN),
            ("2001:db8::1", Strength.OWN),
        ):  # fmt: skip
            assert await identities.strength_at(session, talk.web.id, address, person) is strength
        assert await identities.strength_at(session, None, identities.as_address(here), person) is Strength.OWN


async def _somebody() -> UUID:
    async with transaction() as session:
        person = Person(phone=PHONE, phone_hash="h")
        session.add(person)
        await session.flush()
        return person.id
