"""What carriers report of notices and answers, as the outbox writes it down; and quiet hours."""

from __future__ import annotations

from uuid import UUID

import pytest

from channels import delivery
from channels.base import Call
from channels.delivery import SmsDeliverer
from hub import outbox
from hub.accounts.models import Person
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.delivery import Delivery
from hub.outbox.models import Failure, OutboxMessage, State
from services.gateways.sms import callbacks
from tests.channels.bench import Bench
from tests.channels.hands.carriers import Carriers
from tests.channels.hands.sms import SECRET
from tests.hub.accounts.clock_hands import Hands

PHONE = "1390000" + "0001"
NOTICE = {"template": "tax_reminder", "parameters": {"who": "您本人", "count": "1", "due": "11月25日"}}


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch, carriers: Carriers) -> Delivery:
    """The way of notices, over both carriers."""
    monkeypatch.setattr(delivery, "sms", lambda: carriers.gateway)
    return Delivery({outbox.Channel.SMS: SmsDeliverer()}, {})


async def a_notice(*, urgent: bool = False) -> UUID:
    """A notice to somebody with a phone, given to the outbox."""
    async with transaction() as session:
        person = Person(phone=PHONE, phone_hash=new_id().hex)
        session.add(person)
        await session.flush()
        return await outbox.add(
            session, channel=outbox.Channel.SMS, topic="test", content=NOTICE, dedupe_key=new_id().hex,
            person_id=person.id, urgent=urgent,
        )  # fmt: skip


async def stands(message_id: UUID) -> tuple[State, Failure | None, str | None]:
    async with transaction() as session:
        row = await session.get_one(OutboxMessage, message_id)
        return row.state, row.failure, row.reason


def report(carrier: str, carrier_id: str, code: str, message_id: str = "") -> Call:
    body = callbacks.reported(carrier, PHONE, carrier_id, code, clock.now(), message_id)
    return Call("POST", {"carrier": carrier, "token": SECRET}, {}, body)


@pytest.mark.parametrize("carrier", ["aliyun", "tencent"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("DELIVERED", (State.DELIVERED, None, None)),
        ("MOBILE_IN_BLACK", (State.FAILED, Failure.PERMANENT, "unwanted")),
        ("UNDELIV", (State.FAILED, Failure.TEMPORARY, "phone_off")),
        ("CONTENT_KEYWORD", (State.FAILED, Failure.TECHNICAL, "content_refused")),
        ("WHATEVER", (State.FAILED, Failure.PERMANENT, "undelivered")),
    ],
)
async def test_notices(
    door: Bench, carriers: Carriers, notices: Delivery, carrier: str, code: str, expected: object
) -> None:
    if carrier == "tencent":
        carriers.down = {"aliyun"}
    message_id = await a_notice()
    await notices.deliver(message_id)
    assert (await stands(message_id))[0] == State.SENT
    ours = str(message_id) if carrier == "aliyun" else ""
    carrier_id = "biz-1" if carrier == "aliyun" else "sid-1"
    assert (await door.call(report(carrier, carrier_id, code, ours))).status_code == 200
    assert await stands(message_id) == expected
    await door.call(report(carrier, "nobody's", "UNDELIV"))
    assert await stands(message_id) == expected


@pytest.mark.parametrize(("code", "failure"), [("UNDELIV", Failure.TEMPORARY), ("MBBLACK", Failure.PERMANENT)])
async def test_answers(door: Bench, carriers: Carriers, code: str, failure: Failure) -> None:
    body = callbacks.said("tencent", PHONE, "契税多少", clock.now(), 1)
    await door.say(Call("POST", {"carrier": "tencent", "token": SECRET}, {}, body))
    assert carriers.texts(PHONE) == ["听到：契税多少"]
    await door.call(report("aliyun", "biz-1", code))
    assert await door.states() == [State.FAILED]


async def test_nobody_else_can_report(door: Bench, carriers: Carriers, notices: Delivery) -> None:
    message_id = await a_notice()
    await notices.deliver(message_id)
    honest = report("aliyun", "biz-1", "UNDELIV", str(message_id))
    forged = Call("POST", {"carrier": "aliyun", "token": "guess"}, {}, honest.body)
    assert (await door.call(forged)).status_code == 401
    assert (await stands(message_id))[0] == State.SENT


async def test_nothing_unasked_goes_out_at_night(
    door: Bench, carriers: Carriers, notices: Delivery, hands: Hands
) -> None:
    hands.move(hours=11)  # 23:00 in China
    notice, code = await a_notice(), await a_notice(urgent=True)
    await notices.deliver(notice)
    await notices.deliver(code)
    assert [one.key for one in carriers.sent] == [str(code)]
    body = callbacks.said("aliyun", PHONE, "夜里问", clock.now(), 1)
    await door.say(Call("POST", {"carrier": "aliyun", "token": SECRET}, {}, body))
    assert carriers.sent[-1].text == "听到：夜里问", "an answer is asked for"
    hands.move(hours=8)
    await notices.deliver(notice)
    assert carriers.sent[-1].text == "听到：夜里问", "07:00 is too early"
    hands.move(hours=1)
    await notices.deliver(notice)
    assert carriers.sent[-1].key == str(notice)


@pytest.mark.parametrize("address", ["10.1.2.3", "not an address", ""])
async def test_only_the_networks_named_may_call(carriers: Carriers, address: str) -> None:
    from channels.base import NotVerified
    from channels.sms.channel import SmsChannel

    channel = SmsChannel(SECRET, lambda: carriers.gateway, ["192.0.2.0/24"])
    query = {"carrier": "aliyun", "token": SECRET}
    with pytest.raises(NotVerified):
        await channel.receive(Call("POST", query, {}, b"[]", address))
    assert (await channel.receive(Call("POST", query, {}, b"[]", "192.0.2.7"))).messages == []
