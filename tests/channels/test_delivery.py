"""What the outbox makes of the carrier's answers, and how messages get into a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from bot.conversation import repository as conversations
from bot.conversation.models import Conversation, State
from channels import delivery
from channels.delivery import ConversationDeliverer, SmsDeliverer
from channels.registry import deliverers
from hub.accounts.models import Person
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.letters import Letter, Never, NotNow, Uncertain
from hub.outbox.models import Channel, Failure
from services.gateways.behaviour import Mode, tell
from services.gateways.registry import sms
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsReply, SmsRequest
from services.gateways.sms.sandbox import SmsSandbox, inbox
from services.gateways.tax_core.seed import person

PHONE = person("王小明").phone


@pytest.fixture
async def carrier(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmsSandbox]:
    """The sandbox of the carrier, with time enough."""
    gateway = SmsSandbox(30.0)
    monkeypatch.setattr(delivery, "sms", lambda: gateway)
    yield gateway
    sms.cache_clear()


async def somebody(phone: str | None = PHONE) -> UUID:
    async with transaction() as session:
        found = Person(phone=phone, phone_hash=phone and new_id().hex)
        session.add(found)
        await session.flush()
        return found.id


def letter(person_id: UUID | None, *, first: bool = True, template: str = "tax_reminder") -> Letter:
    content = {"template": template, "parameters": {"who": "您本人", "count": "1", "due": "10月26日"}}
    message_id = new_id()
    return Letter(message_id, str(message_id), Channel.SMS, "reminder", person_id, None, content, first)


async def received() -> list[str]:
    async with transaction() as session:
        return [message.text for message in await inbox(session, PHONE)]


async def test_a_text_message_reaches_the_phone_that_the_person_has(carrier: SmsSandbox) -> None:
    sent = letter(await somebody())
    taken = await SmsDeliverer().deliver(sent)
    assert taken.carrier_id
    assert not taken.delivered, "the carrier says later whether it arrived"
    assert await received() == ["【12366】您本人有1项申报缴税事项未办理，最早10月26日截止，请及时办理。"]
    assert await SmsDeliverer().arrived(sent, clock.today()) is True
    assert await SmsDeliverer().arrived(sent, clock.today() - timedelta(days=1)) is None


async def test_a_repeat_under_the_same_key_sends_nothing(carrier: SmsSandbox) -> None:
    sent = letter(await somebody())
    await SmsDeliverer().deliver(sent)
    again = Letter(sent.id, sent.key, sent.channel, sent.topic, sent.person_id, None, sent.content, first=False)
    await SmsDeliverer().deliver(again)
    assert len(await received()) == 1


@pytest.mark.parametrize(("mode", "trouble"), [(Mode.DOWN, NotNow), (Mode.ERROR, Uncertain), (Mode.GARBAGE, Uncertain)])
async def test_trouble_with_the_carrier(carrier: SmsSandbox, mode: Mode, trouble: type[Exception]) -> None:
    sent = letter(await somebody())
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=mode, delay_ms=None)
    with pytest.raises(trouble):
        await SmsDeliverer().deliver(sent)
    if mode is Mode.DOWN:
        assert await SmsDeliverer().arrived(sent, clock.today()) is None


async def test_no_answer_in_time_is_uncertain(carrier: SmsSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = letter(await somebody())
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=None, delay_ms=5000)
    monkeypatch.setattr(delivery, "sms", lambda: SmsSandbox(1.0))
    with pytest.raises(Uncertain):
        await SmsDeliverer().deliver(sent)


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        (Refusal.LIMITED, None), (Refusal.ACCOUNT, None), (Refusal.NUMBER, Failure.PERMANENT),
        (Refusal.TEMPLATE, Failure.TECHNICAL), (Refusal.OTHER, Failure.TECHNICAL), (None, Failure.TECHNICAL),
    ],
)  # fmt: skip
async def test_refusals(
    carrier: SmsSandbox, monkeypatch: pytest.MonkeyPatch, refusal: Refusal | None, failure: Failure | None
) -> None:
    async def refuse(request: SmsRequest) -> SmsReply:
        return SmsReply(accepted=False, refusal=refusal)

    monkeypatch.setattr(carrier, "send", refuse)
    with pytest.raises(Never if failure else NotNow) as raised:
        await SmsDeliverer().deliver(letter(await somebody()))
    assert getattr(raised.value, "failure", None) is failure


@pytest.mark.parametrize(
    ("state", "arrived"),
    [(DeliveryState.DELIVERED, True), (DeliveryState.FAILED, False), (DeliveryState.ON_ITS_WAY, None), (None, None)],
)
async def test_what_became_of_it(
    carrier: SmsSandbox, monkeypatch: pytest.MonkeyPatch, state: DeliveryState | None, arrived: bool | None
) -> None:
    async def says(*asked: object) -> DeliveryState | None:
        return state

    monkeypatch.setattr(carrier, "delivery", says)
    assert await SmsDeliverer().arrived(letter(await somebody()), clock.today()) is arrived


async def test_who_has_no_phone_gets_no_text_message(carrier: SmsSandbox) -> None:
    for nobody in (await somebody(None), new_id(), None):
        with pytest.raises(Never) as raised:
            await SmsDeliverer().deliver(letter(nobody))
        assert raised.value.failure is Failure.PERMANENT
        assert await SmsDeliverer().arrived(letter(nobody), clock.today()) is None


async def a_chat(state: State = State.WITH_BOT) -> UUID:
    async with transaction() as session:
        conversation = Conversation(channel="web", locale="zh-CN", state=state)
        session.add(conversation)
        await session.flush()
        return conversation.id


def note(conversation_id: UUID | None) -> Letter:
    message_id = new_id()
    content = {"text": "今天截止。", "buttons": [{"title": "看办税日历", "payload": "skill:tax_calendar"}]}
    return Letter(message_id, str(message_id), Channel.CONVERSATION, "reminder", None, conversation_id, content)


@pytest.mark.parametrize("state", [State.WITH_BOT, State.RESOLVED])
async def test_a_chat_shows_the_message_once(empty_database: str, state: State) -> None:
    sent = note(await a_chat(state))
    assert sent.conversation_id is not None
    for _ in range(2):
        assert (await ConversationDeliverer().deliver(sent)).delivered
    async with transaction() as session:
        (said,) = await conversations.recent_outbound(session, sent.conversation_id)
    assert (said.id, said.author, said.text) == (sent.id, "bot", "今天截止。")
    assert said.payload == {"buttons": sent.content["buttons"]}


@pytest.mark.parametrize("state", [State.WAITING_FOR_AGENT, State.WITH_AGENT])
async def test_nobody_talks_in_between_while_a_human_is_wanted(empty_database: str, state: State) -> None:
    sent = note(await a_chat(state))
    assert sent.conversation_id is not None
    with pytest.raises(NotNow):
        await ConversationDeliverer().deliver(sent)
    async with transaction() as session:
        assert await conversations.recent_outbound(session, sent.conversation_id) == []


@pytest.mark.parametrize(("conversation_id", "failure"), [(new_id(), Failure.PERMANENT), (None, Failure.TECHNICAL)])
async def test_a_chat_that_is_gone(empty_database: str, conversation_id: UUID | None, failure: Failure) -> None:
    with pytest.raises(Never) as raised:
        await ConversationDeliverer().deliver(note(conversation_id))
    assert raised.value.failure is failure


def test_every_way_is_served() -> None:
    assert set(deliverers()) >= set(Channel)
