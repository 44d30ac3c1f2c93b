"""Template and subscribe messages: to whoever has linked WeChat, with fields that fit, and what WeChat reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from channels.base import Blocked
from channels.wechat import notices, sandbox, templates
from channels.wechat.models import SandboxWechatControl
from channels.wechat.notices import WechatNoticeDeliverer
from channels.wechat.sandbox import Act
from channels.wechat.templates import Kind, Notice, Unfit, sandbox_templates
from hub import outbox
from hub.accounts import identities
from hub.accounts.models import ChannelIdentity, Person
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.delivery import Delivery
from hub.outbox.letters import DeliveryTrouble, Letter, Never, NotNow, Uncertain
from hub.outbox.models import Channel, Failure, OutboxMessage, State
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand

ANN = "oAnn"
FIELDS = {"who": "西湖区大勇面馆", "count": "1", "due": "10月26日（还有7天）"}
CONTENT = {"notice": "tax_reminder", "fields": FIELDS, "page": "/services/tax_calendar"}
EVENT, SENT_EVENT = "TEMPLATESENDJOBFINISH", "subscribe_msg_sent_event"


@pytest.fixture
def deliverer(hand: WechatHand) -> WechatNoticeDeliverer:
    return WechatNoticeDeliverer(hand.account.app_id, hand.channel.client, sandbox_templates())


@pytest.fixture
def by_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same notices as subscribe messages."""
    changed = {
        name: one.model_copy(update={"kind": Kind.SUBSCRIBE}) for name, one in templates.notices().items()
    }  # fmt: skip
    monkeypatch.setattr(notices, "notices", lambda: changed)


async def linked(hand: WechatHand, act: Act | None = Act.SUBSCRIBED) -> UUID:
    """Ann, who has linked her WeChat, and what she did in WeChat."""
    async with transaction() as session:
        person = Person(phone="13900000001", phone_hash=new_id().hex)
        session.add(person)
        await session.flush()
        identity = await identities.known(session, "wechat", hand.account.app_id, ANN)
        await identities.link(session, identity.id, person.id)
        if act is not None:
            await sandbox.acted(session, ANN, act)
        return person.id


def letter(person_id: UUID | None, **content: Any) -> Letter:
    message_id = new_id()
    return Letter(message_id, str(message_id), Channel.WECHAT, "reminder", person_id, None, {**CONTENT, **content})


async def came() -> list[dict[str, Any]]:
    async with transaction() as session:
        return await sandbox.notified(session, ANN)


class TestSending:
    async def test_a_template_message_as_wechat_takes_it(
        self, empty_database: str, hand: WechatHand, deliverer: WechatNoticeDeliverer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(get_settings(), "public_url", "https://12366.example.gov.cn/")
        sent = letter(await linked(hand))
        taken = await deliverer.deliver(sent)
        [said] = await came()
        assert said["data"] == {
            "thing1": {"value": "西湖区大勇面馆"}, "number2": {"value": "1"}, "thing3": {"value": "10月26日（还有7天）"}
        }  # fmt: skip
        assert said["url"] == "https://12366.example.gov.cn/services/tax_calendar"
        assert taken.carrier_id == str(said["msgid"])
        assert not taken.delivered, "WeChat tells later whether it arrived"
        again = await deliverer.deliver(sent)
        assert again.carrier_id == taken.carrier_id
        assert len(await came()) == 1

    async def test_a_subscribe_message_goes_only_to_who_agreed(
        self, empty_database: str, hand: WechatHand, deliverer: WechatNoticeDeliverer, by_subscription: None
    ) -> None:
        person_id = await linked(hand)
        with pytest.raises(Never) as refused:
            await deliverer.deliver(letter(person_id))
        assert (refused.value.reason, refused.value.failure) == ("not_agreed", Failure.PERMANENT)
        async with transaction() as session:
            await sandbox.agree_to_notices(session, ANN)
        await deliverer.deliver(letter(person_id))
        with pytest.raises(Never):
            await deliverer.deliver(letter(person_id))
        assert len(await came()) == 1

    async def test_who_has_linked_nothing_or_left_is_not_reached(
        self, empty_database: str, hand: WechatHand, deliverer: WechatNoticeDeliverer
    ) -> None:
        with pytest.raises(Never, match="not_linked"):
            await deliverer.deliver(letter(new_id()))
        person_id = await linked(hand, Act.LEFT)
        for _ in range(2):
            with pytest.raises(Blocked):
                await deliverer.deliver(letter(person_id))
        async with transaction() as session:
            assert (await session.scalars(select(ChannelIdentity.blocked_at))).one() is not None

    @pytest.mark.parametrize(
        ("content", "reason"),
        [({"notice": "unknown"}, "no_template"), ({"fields": {"who": "x"}}, "field_unfit"),
         ({"fields": FIELDS | {"count": "一"}}, "field_unfit")],
    )  # fmt: skip
    async def test_what_is_our_fault_is_technical(
        self, empty_database: str, hand: WechatHand, deliverer: WechatNoticeDeliverer, content: dict[str, Any],
        reason: str,
    ) -> None:  # fmt: skip
        with pytest.raises(Never) as refused:
            await deliverer.deliver(letter(await linked(hand), **content))
        assert (refused.value.reason, refused.value.failure) == (reason, Failure.TECHNICAL)
        assert await came() == []

    async def test_a_template_that_wechat_does_not_know(self, empty_database: str, hand: WechatHand) -> None:
        wrong = WechatNoticeDeliverer(hand.account.app_id, hand.channel.client, {"tax_reminder": "no-such"})
        with pytest.raises(Never) as refused:
            await wrong.deliver(letter(await linked(hand)))
        assert (refused.value.reason, refused.value.failure) == ("no_template", Failure.TECHNICAL)

    @pytest.mark.parametrize(
        ("mode", "trouble"), [(Mode.DOWN, NotNow), (Mode.ERROR, NotNow), (Mode.GARBAGE, Uncertain)]
    )
    async def test_trouble_of_wechat(
        self, empty_database: str, hand: WechatHand, deliverer: WechatNoticeDeliverer, mode: Mode,
        trouble: type[DeliveryTrouble],
    ) -> None:  # fmt: skip
        person_id = await linked(hand)
        await hand.channel.client.token()
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=mode, delay_ms=None)
        with pytest.raises(trouble):
            await deliverer.deliver(letter(person_id))


class TestFields:
    @pytest.mark.parametrize(
        ("key", "value", "fitted"),
        [
            ("thing1", "一" * 20, "一" * 20), ("thing1", "一" * 21, "一" * 19 + "…"), ("number2", "12", "12"),
            ("amount3", "1234.50元", "1234.50元"), ("time4", "2026年10月26日 09:00", "2026年10月26日 09:00"),
            ("phrase5", "已入库", "已入库"), ("date6", "2026年1月2日", "2026年1月2日"),
        ],
    )  # fmt: skip
    def test_what_fits(self, key: str, value: str, fitted: str) -> None:
        assert Notice(kind=Kind.TEMPLATE, fields={key: "x"}).filled({"x": value}) == {key: {"value": fitted}}

    @pytest.mark.parametrize(
        ("key", "value"),
        [("number1", "三"), ("number1", "1" * 33), ("amount1", "1,000元"), ("phrase1", "缴款已经成功"),
         ("time1", "明天"), ("character_string1", "中文"), ("number1", "１")],
    )  # fmt: skip
    def test_what_would_tell_something_else_when_cut_is_refused(self, key: str, value: str) -> None:
        with pytest.raises(Unfit):
            Notice(kind=Kind.TEMPLATE, fields={key: "x"}).filled({"x": value})

    @pytest.mark.parametrize("fields", ["{}", "{keyword1: who}", "{thing: who}", "[thing1]"])
    def test_a_file_that_wechat_would_not_take_is_refused(self, tmp_path: Path, fields: str) -> None:
        file = tmp_path / "notices.yaml"
        file.write_text(f"notices: {{tax_reminder: {{kind: template, fields: {fields}}}}}", "utf-8")
        with pytest.raises(ValidationError):
            templates.notices(file)


class TestReceipts:
    @pytest.fixture
    async def sent(self, door: Bench, hand: WechatHand, deliverer: WechatNoticeDeliverer) -> UUID:
        """A notice that WeChat has taken."""
        return await self.give(hand, deliverer)

    async def give(self, hand: WechatHand, deliverer: WechatNoticeDeliverer) -> UUID:
        person_id = await linked(hand)
        async with transaction() as session:
            await sandbox.agree_to_notices(session, ANN)
            message_id = await outbox.add(
                session, channel=Channel.WECHAT, topic="reminder", content=CONTENT, dedupe_key="a day",
                person_id=person_id, urgent=True,
            )  # fmt: skip
        await Delivery({Channel.WECHAT: deliverer}, {}).deliver(message_id)
        assert (await self.row(message_id)).state == State.SENT
        return message_id

    async def row(self, message_id: UUID) -> OutboxMessage:
        async with transaction() as session:
            return await session.get_one(OutboxMessage, message_id)

    @pytest.mark.parametrize(
        ("status", "state", "reason", "failure"),
        [
            ("success", State.DELIVERED, None, None),
            ("failed:user block", State.FAILED, "user_block", Failure.PERMANENT),
            ("failed: system failed", State.FAILED, "system_failed", Failure.TEMPORARY),
            ("failed: something new", State.FAILED, "undelivered", Failure.PERMANENT),
        ],
    )
    async def test_of_a_template_message(
        self, door: Bench, hand: WechatHand, sent: UUID, status: str, state: State, reason: str | None,
        failure: Failure | None,
    ) -> None:  # fmt: skip
        row = await self.row(sent)
        told = {"MsgID": row.carrier_id or "", "Status": status}
        for _ in range(2):
            response = await door.call(hand.player.event(ANN, EVENT, told))
            assert (response.status_code, hand.passive_text(response.content)) == (200, None)
            row = await self.row(sent)
            assert (row.state, row.reason, row.failure) == (state, reason, failure)
        assert await door.stored() == []

    async def test_of_a_message_that_is_not_ours(self, door: Bench, hand: WechatHand, sent: UUID) -> None:
        for told in ({"MsgID": "1", "Status": "success"}, {"Status": "success"}, {"MsgID": "", "Status": ""}):
            assert (await door.call(hand.player.event(ANN, EVENT, told))).status_code == 200
        assert (await self.row(sent)).state == State.SENT

    @pytest.mark.parametrize(("code", "state"), [("0", State.DELIVERED), ("20000", State.FAILED)])
    async def test_of_a_subscribe_message(
        self, door: Bench, hand: WechatHand, deliverer: WechatNoticeDeliverer, by_subscription: None, code: str,
        state: State,
    ) -> None:  # fmt: skip
        message_id = await self.give(hand, deliverer)
        template = sandbox_templates()["tax_reminder"]
        document = hand.player.document(ANN, "event", {"Event": SENT_EVENT}).removesuffix("</xml>") + (
            f"<SubscribeMsgSentEvent><List><TemplateId><![CDATA[{template}]]></TemplateId><MsgID>170082713</MsgID>"
            f"<ErrorCode>{code}</ErrorCode><ErrorStatus><![CDATA[x]]></ErrorStatus></List></SubscribeMsgSentEvent></xml>"
        )
        for _ in range(2):
            assert (await door.call(hand.player.call(document))).status_code == 200
        row = await self.row(message_id)
        assert row.state == state
        assert row.reason == (None if code == "0" else f"errcode_{code}")

    @pytest.mark.parametrize("event", ["subscribe_msg_popup_event", "subscribe_msg_change_event", SENT_EVENT])
    async def test_events_that_change_nothing_are_taken(
        self, door: Bench, hand: WechatHand, sent: UUID, event: str
    ) -> None:
        document = hand.player.document(ANN, "event", {"Event": event}).removesuffix("</xml>") + (
            "<X><List><TemplateId>t</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List></X></xml>"
        )
        response = await door.call(hand.player.call(document))
        assert (response.status_code, hand.passive_text(response.content)) == (200, None)
        assert (await self.row(sent)).state == State.SENT
