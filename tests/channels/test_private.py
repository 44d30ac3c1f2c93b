"""What belongs to a taxpayer is not told where others may read along."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actions.submit import reply_of
from bot.conversation import repository
from bot.conversation.models import Author, Message
from bot.conversation.service import ConversationService
from channels import wording
from channels.base import Capabilities, Channel
from channels.pushing import rendered
from hub.accounts import people, sessions
from hub.accounts.models import ChannelIdentity, Strength
from hub.kit.db import transaction
from hub.settings import get_settings
from hub.skills import SkillResult
from services.registry import skill_by_name
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.sms import SmsHand

STRONG = Capabilities(text_limit=500)
WEAK = replace(STRONG, strength=Strength.SMS)
SHEET = "应缴增值税4,452.00元"


def told(capabilities: Capabilities, payload: dict[str, Any], *, group: bool = False) -> str:
    channel = cast(Channel, SimpleNamespace(capabilities=capabilities))
    identity = ChannelIdentity(in_group=group, strength=capabilities.strength)
    return "".join(part.text for part in rendered(channel, Message(text=SHEET, payload=payload), identity))


@pytest.mark.parametrize("payload", [{"private": True}, {"skill": "file_vat"}, {"skill": "gone"}])
def test_a_weak_door_and_a_group_hide_it(payload: dict[str, Any]) -> None:
    assert told(STRONG, payload) == SHEET
    assert told(WEAK, payload) == wording.PRIVATE_ELSEWHERE
    assert told(STRONG, payload, group=True) == wording.PRIVATE_ELSEWHERE


@pytest.mark.parametrize("payload", [{}, {"skill": "invoice_inspection"}, {"skill": "calc_vat"}, {"skill": None}])
def test_what_is_for_everybody_is_told_everywhere(payload: dict[str, Any]) -> None:
    assert told(WEAK, payload) == told(STRONG, payload, group=True) == SHEET


@pytest.mark.parametrize("name", ["file_vat", "my_returns", "pay_tax", "payment_status", "tax_calendar"])
def test_results_of_what_is_done_for_a_taxpayer_are_marked(name: str) -> None:
    assert reply_of(SkillResult("done", SHEET), skill_by_name(name)).as_payload()["private"] is True


def test_results_for_everybody_are_not_marked() -> None:
    assert "private" not in reply_of(SkillResult("done", SHEET), skill_by_name("calc_vat")).as_payload()


@pytest.mark.parametrize(
    ("page", "public", "payload", "offered"),
    [
        ("/link", "https://12366.gov.cn/", {"skill": "sign_in", "awaits": "phone"}, True),
        ("/link", "https://12366.gov.cn/", {"skill": "sign_in", "awaits": "code"}, False),
        ("/link", "", {"skill": "sign_in", "awaits": "phone"}, False),
        ("", "https://12366.gov.cn/", {"skill": "sign_in", "awaits": "phone"}, False),
    ],
)
def test_who_is_asked_to_sign_in_learns_of_linking(
    monkeypatch: pytest.MonkeyPatch, page: str, public: str, payload: dict[str, Any], offered: bool
) -> None:
    monkeypatch.setattr(get_settings(), "public_url", public)
    said = told(replace(STRONG, link_page=page), payload)
    assert ("https://12366.gov.cn/link" in said) is offered


@pytest.fixture
async def phone(conversations: ConversationService, rasa: RasaWire) -> AsyncIterator[Bench]:
    """The weakest door: text messages."""
    bench = Bench(SmsHand(), conversations, rasa)
    yield bench
    await bench.close()


@pytest.mark.parametrize(
    ("way", "shown"),
    [(Strength.SMS, SHEET), (Strength.CHAT, wording.PRIVATE_ELSEWHERE), (Strength.OWN, wording.PRIVATE_ELSEWHERE)],
)
async def test_a_weak_door_shows_it_to_who_proved_there_who_they_are(phone: Bench, way: Strength, shown: str) -> None:
    await phone.say(phone.hand.text("13900000001", "你好", 1))
    talk = await phone.conversation()
    async with transaction() as session:
        known = await people.person_by_phone(session, "13900000001")
        await sessions.begin(session, f"conversation:{talk.id}", known.id, way)
        message = Message(author=Author.BOT, text=SHEET, payload={"private": True})
        await repository.add_outbound(session, talk.id, [message])
    await phone.deliver()
    assert phone.heard()[-1] == shown
