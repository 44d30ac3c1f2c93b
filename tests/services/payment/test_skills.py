"""Paying as people meet it: what is offered, the sheet to confirm, what is said afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hub.skills import Access, question_of
from services.gateways.behaviour import Mode
from services.gateways.payments.models import Notices
from services.gateways.tax_core.wire import Operation
from services.payment import dues, wording
from services.payment.models import Method
from services.payment.schemas import NONE, PaymentStatus, PayTax
from services.payment.skills import PAY_TAX, PAYMENT_STATUS
from services.registry import skill_by_name
from tests.services.payment.payer import context, order, pay
from tests.services.payments import tell
from tests.services.tax_core import JINXI, QINGCHUAN, SUNHAO, YUNQI, tell_core


def form(**values: Any) -> PayTax:
    """A form filled in."""
    return PayTax.model_validate({"charges": "all", "method": "wechat"} | values)


async def test_a_single_charge_needs_no_choosing(paying: str) -> None:
    assert PAY_TAX.prefill is not None
    found = await PAY_TAX.prefill(context(JINXI), {})
    [due] = await dues.dues_of(JINXI)
    assert found == {"charges": due.charge_id}
    assert PAY_TAX.required_fields(found) == ["charges", "method"]


async def test_somebody_who_owes_nothing_is_asked_nothing(paying: str) -> None:
    assert PAY_TAX.prefill is not None
    assert PAY_TAX.preview is not None
    for taxpayer in (SUNHAO, YUNQI):
        found = await PAY_TAX.prefill(context(taxpayer), {})
        assert found == {"charges": NONE}
        assert PAY_TAX.required_fields(found) == ["charges"]
        shown = await PAY_TAX.preview(context(taxpayer), PayTax.model_validate(found))
        assert shown.refusal is not None
        assert "没有待缴的税款" in shown.refusal
        done = await PAY_TAX.submit(context(taxpayer), PayTax.model_validate(found))
        assert done.status == "nothing_due"


async def test_the_choices_are_what_is_owed_and_how_it_can_be_paid(paying: str) -> None:
    offered = question_of(PayTax, "charges").options
    methods = question_of(PayTax, "method").options
    assert offered is not None
    assert methods is not None
    found = await offered(context(JINXI), {})
    assert len(found) == 1
    assert "含滞纳金" in found[0].title
    assert [choice.value for choice in await methods(context(JINXI), {})] == [
        "tripartite", "wechat", "alipay", "bank_transfer", "online_bank", "pos",
    ]  # fmt: skip


async def test_the_sheet_shows_every_figure(paying: str) -> None:
    assert PAY_TAX.preview is not None
    [due] = await dues.dues_of(JINXI)
    shown = await PAY_TAX.preview(context(JINXI), form())
    for words in (
        "杭州锦溪餐饮管理有限公司",
        due.title,
        "4,452.00元",
        f"{due.late_fee:,}元",
        f"{due.total:,}元",
        "微信支付",
        "国家金库",
        "保留到",
    ):
        assert words in shown.text, shown.text
    assert shown.trace_id
    assert shown.refusal is None
    debit = await PAY_TAX.preview(context(JINXI), form(method="三方协议"))
    assert "立即从三方协议账户扣款" in debit.text


async def test_the_sheet_says_why_it_cannot_be(paying: str) -> None:
    assert PAY_TAX.preview is not None
    unknown = await PAY_TAX.preview(context(JINXI), form(charges="DJ-unknown"))
    assert unknown.refusal == dues.ChargeNotFound.message
    too_much = await PAY_TAX.preview(context(JINXI), form(part="999999"))
    assert too_much.refusal == dues.PartNotPossible.message
    await tell_core(Mode.DOWN, operation=Operation.CHARGES)
    with pytest.raises(dues.CoreUnavailable):
        await PAY_TAX.preview(context(JINXI), form())


async def test_paying_by_wallet_from_the_question_to_the_receipt(paying: str) -> None:
    done = await PAY_TAX.submit(context(JINXI, key="m-1"), form())
    assert done.status == "awaiting"
    assert f"/payment/{done.result['id'].replace('-', '')}/" in done.text
    assert [button.payload for button in done.buttons] == ["skill:payment_status", "intent:talk_to_human"]
    assert done.trace_id == done.result["trace_id"]
    waiting = await PAYMENT_STATUS.submit(context(JINXI), PaymentStatus())
    assert waiting.status == "awaiting"
    await pay(await order(JINXI, key="m-1"))
    booked = await PAYMENT_STATUS.submit(context(JINXI), PaymentStatus())
    assert booked.status == "booked"
    assert booked.receipt == booked.result["receipt_number"]
    assert f"完税凭证号码：{booked.receipt}" in booked.text
    assert "缴款成功" in booked.text


async def test_a_phone_is_led_to_the_page_with_the_link(paying: str) -> None:
    done = await PAY_TAX.submit(context(JINXI), form(method="alipay", device="手机"))
    assert done.result["opened"]["kind"] == "link"
    assert done.result["opened"]["page"] in done.text
    assert done.result["opened"]["content"] not in done.text


async def test_a_code_is_told_for_the_counter(paying: str) -> None:
    done = await PAY_TAX.submit(context(JINXI), form(method="bank_transfer"))
    assert f"缴款码：{done.result['opened']['content']}" in done.text


async def test_direct_debit_answers_with_the_receipt(paying: str) -> None:
    done = await PAY_TAX.submit(context(QINGCHUAN), form(method="tripartite"))
    assert (done.status, done.receipt) == ("booked", done.result["receipt_number"])


@pytest.mark.parametrize(
    ("taxpayer", "method", "says"),
    [(JINXI, "tripartite", ["没有成功", "余额不足"]), (QINGCHUAN, "wechat", ["付款页", "保留到"])],
)
async def test_each_outcome_says_what_to_do_next(paying: str, taxpayer: str, method: str, says: list[str]) -> None:
    done = await PAY_TAX.submit(context(taxpayer), form(method=method))
    for words in says:
        assert words in done.text, done.text
    assert "{" not in done.text
    assert done.buttons


async def test_a_party_in_trouble_is_unavailable(paying: str) -> None:
    await tell("wechat", Mode.DOWN)
    done = await PAY_TAX.submit(context(JINXI, key="m-1"), form())
    assert done.status == "unavailable"
    assert "没有产生任何扣款" in done.text
    await tell("wechat")
    assert (await PAY_TAX.submit(context(JINXI, key="m-1"), form())).status == "awaiting"


async def test_money_that_cannot_be_booked_is_told(paying: str) -> None:
    await tell("wechat", notices=Notices.WRONG_AMOUNT)
    await pay(await order(JINXI))
    told = await PAYMENT_STATUS.submit(context(JINXI), PaymentStatus())
    assert told.status == "refund_due"
    assert "退回" in told.text
    assert wording.REASONS["amount_differs"] in told.text


async def test_money_that_waits_is_told(paying: str) -> None:
    placed = await order(JINXI)
    await tell_core(Mode.DOWN, operation=Operation.SETTLE)
    await pay(placed)
    assert PAY_TAX.preview is not None
    again = await PAY_TAX.preview(context(JINXI), form())
    assert again.refusal is not None
    assert "不要重复缴款" in again.refusal
    assert [button.payload for button in again.buttons] == ["skill:payment_status", "intent:talk_to_human"]
    told = await PAYMENT_STATUS.submit(context(JINXI), PaymentStatus())
    assert told.status == "paid"
    assert "款项已收到" in told.text
    assert "不需要再付款" in told.text


async def test_nobody_has_paid_yet(paying: str) -> None:
    told = await PAYMENT_STATUS.submit(context(QINGCHUAN), PaymentStatus())
    assert told.status == "no_order"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("微信", Method.WECHAT),
        ("用支付宝吧", Method.ALIPAY),
        ("POS机刷卡", Method.POS),
        ("三方协议扣款", Method.TRIPARTITE),
        ("手机银行", Method.ONLINE_BANK),
        ("去银行柜面", Method.BANK_TRANSFER),
        ("pos", Method.POS),
    ],
)
def test_methods_are_understood(said: str, meant: Method) -> None:
    assert form(method=said).method is meant


@pytest.mark.parametrize(
    "values",
    [{"method": "现金"}, {"method": 3}, {"charges": ""}, {"charges": "x" * 3000}, {"charges": 5}, {"charges": "a,b;c"},
     {"part": "-5"}, {"part": "很多"}, {"part": True}, {"device": "钟"}, {"unknown": "1"}],
)  # fmt: skip
def test_what_is_wrong_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        form(**values)


def test_all_of_it_can_be_said_in_words() -> None:
    assert form(charges="全部都缴").charges == "all"
    assert form(charges=["a-1", "b-2"]).charges == "a-1,b-2"
    assert form(device="手机").device == "phone"


def test_the_skills_are_in_the_catalogue() -> None:
    assert skill_by_name("pay_tax") is PAY_TAX
    assert skill_by_name("payment_status") is PAYMENT_STATUS
    assert PAY_TAX.access is PAYMENT_STATUS.access is Access.AUTHORISED
    assert PAY_TAX.confirm
    assert all("{" not in text for text in wording.REASONS.values())
