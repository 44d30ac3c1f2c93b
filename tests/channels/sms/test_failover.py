"""Two carriers: who gets a message when one is down, slow, silent or refuses; nothing lost, doubled or overtaken."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.conversation import handoff
from channels.sms.channel import SmsChannel
from hub.accounts.models import ChannelIdentity
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.models import State
from services.gateways.errors import GatewayTimeout, GatewayUnavailable
from services.gateways.sms import ledger, switchboard
from services.gateways.sms.ledger import Handed
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsReply, SmsRequest
from services.gateways.sms.switchboard import FAILURES_UNTIL_LEFT_OUT, SECONDS_LEFT_OUT
from tests.channels.bench import Bench
from tests.channels.hands.carriers import Carriers
from tests.hub.accounts.clock_hands import Hands

PHONE = "1390000" + "0001"
CODE = {"code": "024680", "minutes": "5"}
NOTICE = {"who": "您本人", "count": "1", "due": "11月25日"}


def a_message(template: str = "tax_reminder", message_id: str = "", phone: str = PHONE) -> SmsRequest:
    parameters = {"sign_in_code": CODE, "tax_reminder": NOTICE, "answer": {"text": "3%。"}}[template]
    return SmsRequest(message_id or str(new_id()), phone, template, parameters)


@pytest.fixture(autouse=True)
def ground(empty_database: str, hands: Hands) -> None:
    """An empty ledger, and time that stands still."""


class TestWhoGetsIt:
    async def test_the_first_while_it_works(self, carriers: Carriers) -> None:
        reply = await carriers.gateway.send(a_message())
        assert reply == SmsReply(accepted=True, carrier_id="biz-1", carrier="aliyun")
        assert [one.carrier for one in carriers.sent] == ["aliyun"]

    @pytest.mark.parametrize("template", ["sign_in_code", "tax_reminder", "answer"])
    async def test_the_second_when_the_first_certainly_has_it_not(self, carriers: Carriers, template: str) -> None:
        carriers.down = {"aliyun"}
        reply = await carriers.gateway.send(a_message(template))
        assert (reply.accepted, reply.carrier) == (True, "tencent")

    async def test_variables_stand_in_the_order_of_the_carrier(self, carriers: Carriers) -> None:
        carriers.down = {"aliyun"}
        await carriers.gateway.send(a_message())
        assert carriers.sent[0].values == ("您本人", "1", "11月25日")

    @pytest.mark.parametrize("template", ["sign_in_code", "tax_reminder"])
    async def test_nobody_else_while_it_is_not_known(self, carriers: Carriers, template: str) -> None:
        carriers.mute = {"aliyun"}
        request = a_message(template)
        for _ in range(3):
            with pytest.raises(GatewayTimeout):
                await carriers.gateway.send(request)
        assert len(carriers.sent) == 1
        carriers.mute = set()
        assert (await carriers.gateway.send(request)).accepted
        assert len(carriers.sent) == 1, "the first has it, as it says now"

    async def test_never_twice_where_silence_proves_nothing(self, carriers: Carriers) -> None:
        carriers.down, carriers.mute = {"aliyun"}, {"tencent"}
        request = a_message()
        with pytest.raises(GatewayTimeout):
            await carriers.gateway.send(request)
        carriers.down, carriers.mute = set(), set()
        carriers.sent.clear()  # the network has not reported yet
        for _ in range(3):
            with pytest.raises(GatewayTimeout):
                await carriers.gateway.send(request)
        assert carriers.sent == []

    async def test_an_answer_may_come_twice_rather_than_not_at_all(self, carriers: Carriers) -> None:
        carriers.mute = {"aliyun"}
        reply = await carriers.gateway.send(a_message("answer"))
        assert reply.carrier == "tencent"
        assert Counter(one.carrier for one in carriers.sent) == {"aliyun": 1, "tencent": 1}

    @pytest.mark.parametrize(
        ("code", "second"),
        [("isv.AMOUNT_NOT_ENOUGH", True), ("isv.SMS_TEMPLATE_ILLEGAL", True), ("isv.MOBILE_NUMBER_ILLEGAL", False),
         ("isv.BUSINESS_LIMIT_CONTROL", False)],
    )  # fmt: skip
    async def test_refusals_between_us_and_one_carrier_are_no_refusals(
        self, carriers: Carriers, code: str, second: bool
    ) -> None:
        carriers.codes = {"aliyun": code}
        reply = await carriers.gateway.send(a_message())
        assert (reply.accepted, len(carriers.sent)) == (second, int(second))

    async def test_when_all_are_down_it_is_certainly_not_sent(self, carriers: Carriers) -> None:
        carriers.down = {"aliyun", "tencent"}
        for _ in range(2 * FAILURES_UNTIL_LEFT_OUT):
            with pytest.raises(GatewayUnavailable):
                await carriers.gateway.send(a_message())

    async def test_a_message_that_came_before_is_not_sent_by_another(self, carriers: Carriers) -> None:
        request = a_message()
        await carriers.gateway.send(request)
        carriers.down = {"aliyun"}
        assert (await carriers.gateway.send(request)).accepted
        assert len(carriers.sent) == 1

    async def test_who_has_it_is_asked_what_became_of_it(self, carriers: Carriers, hands: Hands) -> None:
        carriers.down = {"aliyun"}
        request = a_message()
        await carriers.gateway.send(request)
        assert await carriers.gateway.delivery(request.message_id, PHONE, hands.now.date()) is DeliveryState.DELIVERED
        [row] = [one for one in await ledger.of(request.message_id) if one.state == Handed.TAKEN]
        assert (row.carrier, row.segments) == ("tencent", 1)


class TestLeftOut:
    async def test_one_that_is_down_is_left_out_and_comes_back(self, carriers: Carriers, hands: Hands) -> None:
        carriers.down = {"aliyun"}
        for _ in range(10):
            await carriers.gateway.send(a_message())
        assert carriers.asked["aliyun"] == FAILURES_UNTIL_LEFT_OUT
        carriers.down = set()
        await carriers.gateway.send(a_message())
        assert carriers.sent[-1].carrier == "tencent"
        hands.move(seconds=SECONDS_LEFT_OUT + 1)
        await carriers.gateway.send(a_message())
        assert carriers.sent[-1].carrier == "aliyun"

    async def test_one_that_is_slow_is_left_out(self, carriers: Carriers, monkeypatch: pytest.MonkeyPatch) -> None:
        ticks = iter(range(0, 10_000, 4))
        monkeypatch.setattr(switchboard, "time", type("Time", (), {"monotonic": lambda: next(ticks)}))
        for _ in range(FAILURES_UNTIL_LEFT_OUT):
            assert (await carriers.gateway.send(a_message())).carrier == "aliyun", "it took the message all the same"
        assert (await carriers.gateway.send(a_message())).carrier == "tencent"
        assert len(carriers.sent) == FAILURES_UNTIL_LEFT_OUT + 1


class TestNumbers:
    async def test_a_number_gets_no_more_than_its_limit(self, carriers: Carriers, hands: Hands) -> None:
        [(window, most)] = ledger.NOTICE_LIMITS
        for _ in range(most):
            assert (await carriers.gateway.send(a_message())).accepted
        assert (await carriers.gateway.send(a_message())).refusal is Refusal.LIMITED
        assert (await carriers.gateway.send(a_message("answer"))).accepted
        assert (await carriers.gateway.send(a_message("sign_in_code"))).accepted
        assert (await carriers.gateway.send(a_message(phone="1390000" + "0002"))).accepted
        hands.move(seconds=window.total_seconds() + 1)
        assert (await carriers.gateway.send(a_message())).accepted


@pytest.mark.soak
class TestTenMinutesDown:
    async def people(self, door: Bench, count: int) -> dict[str, UUID]:
        """As many people who wrote, with their conversations."""
        for number in range(count):
            await door.say(door.hand.text(f"1390000{number:04d}", "你好", number))
        async with transaction() as session:
            rows = await session.scalars(select(ChannelIdentity))
            return {row.address: row.conversation_id for row in rows if row.conversation_id}

    async def test_nothing_is_lost_doubled_or_overtaken_and_rates_are_kept(
        self, door: Bench, carriers: Carriers, hands: Hands
    ) -> None:
        people = await self.people(door, 3)
        carriers.sent.clear()
        carriers.down = {"aliyun", "tencent"}
        for step in range(40):
            for talk in people.values():
                async with transaction() as session:
                    await handoff.announce(session, talk, f"{step}")
            hands.move(seconds=15)
            await door.deliver()
        assert carriers.sent == []
        carriers.down = set()
        back = hands.now
        for _ in range(600):
            hands.move(seconds=2)
            await door.deliver()
            if len(carriers.sent) == 40 * len(people):
                break
        for phone in people:
            assert carriers.texts(phone) == [str(step) for step in range(40)]
        assert set(await door.states()) <= {State.SENT, State.DELIVERED}
        self.keeps_to_rates(carriers)
        assert hands.now - back < timedelta(minutes=20)

    def keeps_to_rates(self, carriers: Carriers) -> None:
        for rate in SmsChannel.capabilities.rates:
            stretch = timedelta(seconds=rate.seconds)
            for first in carriers.sent:
                after = [one for one in carriers.sent if first.at <= one.at < first.at + stretch]
                whose = [one for one in after if rate.per == "account" or one.phone == first.phone]
                assert len(whose) <= rate.count

    async def test_with_a_second_carrier_nobody_notices(self, door: Bench, carriers: Carriers, hands: Hands) -> None:
        people = await self.people(door, 2)
        carriers.sent.clear()
        carriers.down = {"aliyun"}
        for step in range(40):
            for talk in people.values():
                async with transaction() as session:
                    await handoff.announce(session, talk, f"{step}")
            await door.deliver()
            hands.move(seconds=15)
            for phone in people:
                assert carriers.texts(phone)[-1] == f"{step}"
        assert {one.carrier for one in carriers.sent} == {"tencent"}
        carriers.down = set()
        hands.move(seconds=SECONDS_LEFT_OUT)
        async with transaction() as session:
            await handoff.announce(session, next(iter(people.values())), "恢复了。")
        await door.deliver()
        assert (carriers.sent[-1].carrier, carriers.sent[-1].text) == ("aliyun", "恢复了。")
