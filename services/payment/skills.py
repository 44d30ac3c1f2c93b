"""缴税 and 缴款结果 as skills: declared here, reachable by chat, API and web form."""

from __future__ import annotations

from hub.kit.errors import HubError, Unavailable
from hub.skills import UNAVAILABLE, Access, Button, Preview, Principal, Skill, SkillContext, SkillResult, Values
from services.payment import service, wording
from services.payment.choices import taxpayer_of
from services.payment.dues import NothingDue, dues_of
from services.payment.models import State
from services.payment.results import HUMAN, PAY, STATUS, buttons, order_text, sheet
from services.payment.schemas import NONE, OrderRead, PaymentStatus, PayTax, required


def _principal(context: SkillContext) -> Principal:
    assert context.principal is not None, "a skill of this access is never run without one"
    return context.principal


async def prefill(context: SkillContext, values: Values) -> Values:
    """A single unpaid charge needs no choosing, and somebody who owes nothing is asked nothing.

    Raises `CoreUnavailable`.
    """
    dues = await dues_of(taxpayer_of(context))
    if not dues:
        return {"charges": NONE}
    return {"charges": dues[0].charge_id} if len(dues) == 1 and not values.get("charges") else {}


def _nothing_due(principal: Principal) -> str:
    return wording.NOTHING_DUE.format(taxpayer=principal.taxpayer_name or "")


async def preview(context: SkillContext, form: PayTax) -> Preview:
    """The sheet to confirm.

    Raises `CoreUnavailable`.
    """
    principal = _principal(context)
    if form.charges == NONE:
        return Preview("", refusal=_nothing_due(principal), buttons=(HUMAN,))
    try:
        dues, trace_id = await service.preview(principal, form, context.channel)
        assert form.method is not None, "the service has checked it"
        text = sheet(principal.taxpayer_name or "", dues, form.method)
    except NothingDue:
        return Preview("", refusal=_nothing_due(principal), buttons=(HUMAN,))
    except service.AlreadyPaying as error:
        look = Button(wording.LOOK_AGAIN, f"skill:{STATUS}")
        return Preview("", refusal=error.user_message, buttons=(look, HUMAN))
    except Unavailable:
        raise
    except HubError as error:
        return Preview("", refusal=error.user_message, buttons=(HUMAN,))
    return Preview(text, trace_id=str(trace_id) if trace_id else None)


async def pay(context: SkillContext, form: PayTax) -> SkillResult:
    """Order the payment, and say how to pay; a direct debit is done at once."""
    principal = _principal(context)
    try:
        if form.charges == NONE:
            raise NothingDue
        order = await service.place(
            principal, form, key=context.key, channel=context.channel, address=context.address
        )  # fmt: skip
    except NothingDue:
        return SkillResult("nothing_due", _nothing_due(principal), buttons=(HUMAN,))
    return _result(order)


async def status(context: SkillContext, form: PaymentStatus) -> SkillResult:
    """The latest order, its state asked afresh."""
    principal = _principal(context)
    order = await service.latest(principal)
    if order is None:
        return SkillResult("no_order", wording.NO_ORDER.format(taxpayer=principal.taxpayer_name or ""))
    return _result(order)


def _result(order: OrderRead) -> SkillResult:
    return SkillResult(
        status=UNAVAILABLE if order.state is State.CREATED else order.state,
        text=order_text(order),
        result=order.model_dump(mode="json"),
        receipt=order.receipt_number or order.id.hex,
        buttons=buttons(order),
        trace_id=str(order.trace_id) if order.trace_id else None,
    )


PAY_TAX = Skill(
    name=PAY,
    title="缴税",
    plan_action=5,
    summary="查看待缴税款和滞纳金，用三方协议、微信、支付宝或银行缴款，并取得完税凭证号码。",
    form=PayTax,
    submit=pay,
    access=Access.AUTHORISED,
    confirm=True,
    offer="缴税",
    required=required,
    prefill=prefill,
    preview=preview,
)
PAYMENT_STATUS = Skill(
    name=STATUS,
    title="缴款结果",
    plan_action=5,
    summary="查询最近一笔缴款有没有到账、入库，以及完税凭证号码。",
    form=PaymentStatus,
    submit=status,
    access=Access.AUTHORISED,
    offer="查询缴款结果",
)
