"""Signing in within a chat: the code that is sent, wrong ones, others, too many, none at all."""

from __future__ import annotations

import asyncio

import pytest

from hub.accounts.codes import DoorShut, TooManyCodes
from hub.accounts.people import principal_of
from hub.kit import clock
from hub.kit.db import transaction
from hub.skills import Access, SkillContext
from services.gateways.behaviour import Mode
from services.identity import service
from services.identity.service import PhoneRefused, SmsDown
from services.identity.skills import SIGN_IN, OnlyInChat, send_code
from tests.hub.accounts.clock_hands import Hands
from tests.services.identity.people import chat, newest_code, other_than, tell_sms, texts


async def test_the_code_comes_by_phone_and_opens_a_session(sandboxes: str) -> None:
    talk = chat()
    said = await send_code(await talk.context(), {"phone": talk.who.phone})
    assert said == "验证码已发送到199****0001，5分钟内有效。"
    done = await talk.submit(SIGN_IN, phone=talk.who.phone, code=await newest_code(talk.who.phone))
    assert (done.status, done.retry_fields) == ("signed_in", ())
    assert "199****0001" in done.text
    assert talk.who.phone not in done.text
    assert await talk.level() is Access.VERIFIED


async def test_a_code_that_waits_is_not_sent_again(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    first = await talk.code()
    hands.move(minutes=2)
    said = await send_code(await talk.context(), {"phone": talk.who.phone})
    assert said is not None
    assert "仍然有效" in said
    assert len(await texts(talk.who.phone)) == 1
    assert (await talk.submit(SIGN_IN, phone=talk.who.phone, code=first)).status == "signed_in"


async def test_another_one_on_demand(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    await talk.code()
    hands.move(seconds=20)
    early = await talk.submit(SIGN_IN, phone=talk.who.phone, code="重发")
    assert (early.status, early.retry_fields) == ("code_sent", ("code",))
    assert "40秒" in early.text
    hands.move(seconds=40)
    sent = await talk.submit(SIGN_IN, phone=talk.who.phone, code="没收到")
    assert "已发送到199****0001" in sent.text
    assert len(await texts(talk.who.phone)) == 2
    done = await talk.submit(SIGN_IN, phone=talk.who.phone, code=await newest_code(talk.who.phone))
    assert done.status == "signed_in"


async def test_wrong_codes_are_asked_for_again_until_a_new_one_goes_out(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    wrong = other_than(await talk.code())
    hands.move(minutes=1)
    told = [await talk.submit(SIGN_IN, phone=talk.who.phone, code=wrong) for _ in range(5)]
    assert [one.retry_fields for one in told] == [("code",)] * 5
    assert "还可以再试4次" in told[0].text
    assert told[4].status == "code_gone"
    assert "已发送到" in told[4].text
    assert len(await texts(talk.who.phone)) == 2
    assert await talk.level() is None


async def test_a_code_out_of_date_is_replaced_at_once(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    code = await talk.code()
    hands.move(minutes=6)
    late = await talk.submit(SIGN_IN, phone=talk.who.phone, code=code)
    assert (late.status, late.retry_fields) == ("code_gone", ("code",))
    assert await talk.level() is None
    done = await talk.submit(SIGN_IN, phone=talk.who.phone, code=await newest_code(talk.who.phone))
    assert done.status == "signed_in"


async def test_ten_wrong_codes_lock_with_clear_words(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    for _ in range(2):
        wrong = other_than(await talk.code())
        told = [await talk.submit(SIGN_IN, phone=talk.who.phone, code=wrong) for _ in range(5)]
        hands.move(minutes=1)
    assert (told[-1].status, told[-1].retry_fields) == ("locked", ())
    assert "12:31之后再试" in told[-1].text
    with pytest.raises(DoorShut):
        await send_code(await chat().context(), {"phone": talk.who.phone})


async def test_a_code_cannot_be_used_twice_nor_in_another_chat(sandboxes: str, hands: Hands) -> None:
    talk, other = chat(), chat()
    code = await talk.code()
    hands.move(minutes=1)
    stolen = await other.submit(SIGN_IN, phone=talk.who.phone, code=code)
    assert stolen.status == "code_gone"
    assert (await talk.submit(SIGN_IN, phone=talk.who.phone, code=code)).status == "signed_in"
    hands.move(minutes=1)
    assert (await talk.submit(SIGN_IN, phone=talk.who.phone, code=code)).status == "code_gone"


async def test_the_same_message_again_is_the_same_act(sandboxes: str) -> None:
    talk = chat()
    code = await talk.code()
    done = await asyncio.gather(*(
        talk.submit(SIGN_IN, "message 1", phone=talk.who.phone, code=code) for _ in range(4)
    ))  # fmt: skip
    assert {one.status for one in done} == {"signed_in"}
    assert (await talk.prove()).status == "proven"
    assert (await talk.submit(SIGN_IN, "message 1", phone=talk.who.phone, code=code)).status == "signed_in"
    assert await talk.level() is Access.REAL_NAME


async def test_the_sixth_code_of_an_hour_is_refused(sandboxes: str, hands: Hands) -> None:
    for _ in range(5):
        await chat().code()
        hands.move(minutes=6)
    with pytest.raises(TooManyCodes):
        await send_code(await chat().context(), {"phone": chat().who.phone})


async def test_a_carrier_that_is_down_costs_nobody_a_code(sandboxes: str) -> None:
    talk = chat()
    await tell_sms(Mode.DOWN)
    for _ in range(3):
        with pytest.raises(SmsDown, match="没有发出"):
            await send_code(await talk.context(), {"phone": talk.who.phone})
    await tell_sms()
    assert (await talk.submit(SIGN_IN, phone=talk.who.phone, code=await talk.code())).status == "signed_in"


async def test_a_carrier_that_does_not_say_may_have_sent_it(sandboxes: str, hands: Hands) -> None:
    talk = chat()
    await tell_sms(Mode.GARBAGE)
    said = await send_code(await talk.context(), {"phone": talk.who.phone})
    assert said is not None
    assert "可能稍后送达199****0001" in said
    await tell_sms()
    hands.move(minutes=1)
    sent = await talk.submit(SIGN_IN, phone=talk.who.phone, code="重发")
    assert "已发送" in sent.text


async def test_a_number_that_the_carrier_does_not_take(sandboxes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PhoneRefused, match="核对"):
        await service.send_code("12345", subject="api", address="")


async def test_over_the_api_people_sign_in_elsewhere(sandboxes: str) -> None:
    context = await chat().context()
    form = SIGN_IN.form.model_validate({"phone": chat().who.phone, "code": "123456"})
    for subject in ("", "token:0123"):
        plain = SkillContext(today=context.today, key="k", caller="10.0.0.1", subject=subject)
        with pytest.raises(OnlyInChat):
            await SIGN_IN.submit(plain, form)


async def test_a_browser_can_sign_in_like_a_chat(sandboxes: str) -> None:
    who = chat().who
    context = SkillContext(clock.today(), "k", "web:cookie", channel="web", subject="web:cookie", address="10.0.0.1")
    assert await send_code(context, {"phone": who.phone})
    form = SIGN_IN.form.model_validate({"phone": who.phone, "code": await newest_code(who.phone)})
    assert (await SIGN_IN.submit(context, form)).status == "signed_in"
    async with transaction() as session:
        principal = await principal_of(session, "web:cookie")
    assert principal is not None
    assert principal.level is Access.VERIFIED


async def test_no_transaction_is_open_while_the_carrier_is_asked(
    sandboxes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.kit import db

    held: list[int] = []

    class Watched:
        async def send(self, request: object) -> object:
            held.append(db.engine().pool.checkedout())  # type: ignore[attr-defined]
            raise service.GatewayUnavailable("enough")

    monkeypatch.setattr(service, "sms", Watched)
    with pytest.raises(SmsDown):
        await send_code(await chat().context(), {"phone": chat().who.phone})
    assert held == [0]
    async with transaction() as session:
        assert await service.codes.waiting(session, chat().who.phone, subject="x") is False
