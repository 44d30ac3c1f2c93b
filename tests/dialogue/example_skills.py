"""Two small skills: enough to see forms, choices, confirmation, and switching from one to the other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import BaseModel

from hub.skills import Choice, Skill, SkillContext, SkillResult, ask


class LookUpInvoice(BaseModel):
    """Told apart by its number alone."""

    number: str = ask(
        prompt="发票号码是多少？", invalid="发票号码应为20位数字。", label="发票号码", entity="invoice_number"
    )
    day: date = ask(prompt="哪天开的？", invalid="没有看懂日期。", label="日期", entity="date")


class EstimateDeedTax(BaseModel):
    """Has choices and is confirmed."""

    price: Decimal = ask(prompt="成交价是多少？", invalid="没有看懂金额。", label="成交价", entity="amount")
    home: str = ask(
        prompt="是第几套住房？",
        invalid="请选择一项。",
        label="套数",
        choices=(Choice("首套", "first"), Choice("二套", "second")),
    )


async def submit(context: SkillContext, form: BaseModel) -> SkillResult:
    """Nothing to do: these skills are only built from."""
    return SkillResult(status="done", text="完成")


LOOK_UP = Skill(
    name="look_up_invoice",
    title="查发票",
    plan_action=1,
    summary="看一张发票。",
    form=LookUpInvoice,
    submit=submit,
    offer="查一张发票",
)
ESTIMATE = Skill(
    name="estimate_deed_tax",
    title="契税试算",
    plan_action=2,
    summary="算一算契税。",
    form=EstimateDeedTax,
    submit=submit,
    confirm=True,
)
EXAMPLE_SKILLS = (LOOK_UP, ESTIMATE)
