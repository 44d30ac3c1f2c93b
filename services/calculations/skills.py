"""Seven calculators as skills: declared here, reachable by chat, API and web form; nothing is filed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from hub.skills import Access, Button, Skill, SkillContext, SkillResult, Values
from services.calculations import wording
from services.calculations.forms import bonus, deed, labour, late_fee, vat, vehicle_purchase, wages
from services.calculations.forms.chat_form import ChatForm
from services.calculations.service import calculate_asked
from services.taxes.calculator import CannotCalculate

PLAN_ACTION = 3
CALCULATED = "calculated"
CANNOT = "cannot_calculate"


@dataclass(frozen=True, slots=True)
class ChatCalculator:
    """A calculator in a chat: its form, the figures worth saying beside the first, and how its assumptions are changed.

    `retry` are the fields to ask for again when the values do not go together: the first of them that is needed.
    """

    skill: str
    calculator: str
    title: str
    summary: str
    offer: str
    form: type[ChatForm]
    required: Callable[[Values], Sequence[str]]
    shown: tuple[str, ...]
    example: str
    retry: tuple[str, ...]

    def asked_again(self, form: ChatForm) -> str:
        """The field that is asked for again."""
        needed = self.required(form.model_dump(exclude_unset=True, exclude_none=True))
        return next((name for name in self.retry if name in needed), needed[-1])


def submission(this: ChatCalculator) -> Callable[[SkillContext, ChatForm], Awaitable[SkillResult]]:
    """What the skill does with a filled form."""

    async def submit(context: SkillContext, form: ChatForm) -> SkillResult:
        try:
            read = await calculate_asked(
                this.calculator, form.values(), asked=form, skill=this.skill, channel=context.channel
            )
        except CannotCalculate as error:
            return SkillResult(CANNOT, error.user_message, retry_fields=(this.asked_again(form),))
        return SkillResult(
            status=CALCULATED,
            text=wording.answer(read, this.shown, form.assumed(), this.example),
            result=read.model_dump(mode="json"),
            buttons=(Button(wording.WHY, "intent:explain_amount"), Button(wording.AGAIN, f"skill:{this.skill}")),
            citations=tuple(one.model_dump(mode="json") for one in read.citations),
            trace_id=str(read.trace_id),
        )

    return submit


IN_CHAT: tuple[ChatCalculator, ...] = (
    ChatCalculator(
        "calc_vat", "vat_small_scale", "算小规模增值税", "小规模纳税人一个月或一个季度要缴多少增值税和附加，是否免征。",
        "算一算小规模增值税", vat.VatChat, vat.required, ("sales", "exempt_tax", "reduction", "total"),
        "专票金额改成5万", ("sales",),
    ),
    ChatCalculator(
        "calc_wages", "iit_wages", "算工资个税", "按累计预扣法算某个月的工资要预扣多少个人所得税。", "算一算工资个税",
        wages.WagesChat, wages.required, ("tax", "withheld", "taxable"), "月份改成6月", ("withheld", "monthly_income"),
    ),
    ChatCalculator(
        "calc_bonus", "iit_bonus", "算年终奖个税", "年终奖要缴多少个人所得税，单独计税和并入全年工资哪种划算。",
        "算一算年终奖个税", bonus.BonusChat, bonus.required, ("separate", "merged"), "奖金改成6万",
        ("bonus",),
    ),
    ChatCalculator(
        "calc_labour", "iit_labour", "算劳务报酬个税", "一笔劳务报酬、稿酬或特许权使用费要预扣多少个人所得税。",
        "算一算劳务报酬个税", labour.LabourChat, labour.required, ("income_amount", "taxable", "net"),
        "收入改成6000元", ("income",),
    ),
    ChatCalculator(
        "calc_deed", "deed", "算契税", "买房、受让土地要缴多少契税，家庭第一、二套住房按优惠税率算。", "算一算契税",
        deed.DeedChat, deed.required, ("saved",), "当地税率改成4%", ("price",),
    ),
    ChatCalculator(
        "calc_vehicle_purchase", "vehicle_purchase", "算车辆购置税", "买车要缴多少车辆购置税，新能源车按减免算。",
        "算一算车辆购置税", vehicle_purchase.VehiclePurchaseChat, vehicle_purchase.required, ("base", "saved"),
        "发票日期改成2026年3月1日", ("price",),
    ),
    ChatCalculator(
        "calc_late_fee", "late_fee", "算滞纳金", "逾期缴税要加收多少滞纳金，也能算社会保险费滞纳金和加处罚款。",
        "算一算滞纳金", late_fee.LateFeeChat, late_fee.required, ("total",), "缴纳日期改成2026年12月1日", ("amount",),
    ),
)  # fmt: skip

CALCULATIONS: tuple[Skill, ...] = tuple(
    Skill(
        name=this.skill, title=this.title, plan_action=PLAN_ACTION, summary=this.summary, form=this.form,
        submit=submission(this), access=Access.ANONYMOUS, offer=this.offer, required=this.required,
    )
    for this in IN_CHAT
)  # fmt: skip
