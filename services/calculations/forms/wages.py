"""Tax withheld from wages in a chat: the same wage every month of the year, up to the month that is asked about."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.kit import clock
from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm
from services.calculations.forms.reading import NOTHING, Amount, Month
from services.taxes.fields import ZERO
from services.taxes.iit_wages import BasicDeduction

MONTHLY = ("monthly_income", "monthly_special", "monthly_additional", "monthly_pension", "monthly_other")
TO_DATE = ("cumulative_income", "cumulative_special", "cumulative_additional")
MONTH_INVALID = "请输入1到12的月份，例如11月。"


class FirstJob(StrEnum):
    """Whether these are the first wages of the year, for which the basic deduction counts from January."""

    YES = "yes"
    NO = "no"


read_first_job = by_names({
    FirstJob.NO: ("曾经就业", "不是首次", "不是应届"),
    FirstJob.YES: ("首次就业", "首次领工资", "首次取得", "第一份工作", "应届", "刚毕业"),
})  # fmt: skip


class WagesChat(ChatForm):
    """A steady monthly wage with its deductions."""

    monthly_income: Amount | None = ask(
        None, prompt="每个月税前工资是多少元？", label="每月工资", hint="税前，元",
        synonyms=("月薪", "工资", "税前工资"), entity="amount",
        invalid="没有看懂金额，请输入每月税前工资，例如2万或20000。",
        gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    monthly_special: Amount = ask(
        ZERO, prompt="每个月您个人缴的社保和公积金一共多少元？工资条上有。", label="社保公积金",
        hint="个人每月缴的部分，元", synonyms=("社保", "公积金", "五险一金", "三险一金"),
        entity="amount", choices=NOTHING,
        invalid="请输入每月个人缴的社保和公积金（元），例如3500，没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    monthly_additional: Amount = ask(
        ZERO, prompt="每个月专项附加扣除一共多少元？就是子女教育、赡养老人、房贷或房租等，个人所得税APP里可以查到。",
        label="专项附加扣除", hint="每月合计，元", synonyms=("专项附加", "附加扣除"), entity="amount", choices=NOTHING,
        invalid="请输入每月专项附加扣除的合计（元），例如2000，没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    month: Month = ask(
        default_factory=lambda: clock.today().month, prompt="计算几月份的工资？", label="月份", invalid=MONTH_INVALID,
        ge=1, le=12,
    )  # fmt: skip
    start_month: Month = ask(
        1, prompt="今年从几月开始在这个单位领工资？", label="开始月份", synonyms=("入职月份", "入职"),
        invalid=MONTH_INVALID, ge=1, le=12,
    )  # fmt: skip
    monthly_pension: Amount = ask(
        ZERO, prompt="每个月缴存个人养老金多少元？", label="个人养老金", synonyms=("养老金",), entity="amount",
        invalid="请输入每月缴存的个人养老金（元），例如1000，没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    monthly_other: Amount = ask(
        ZERO, prompt="每个月年金、商业健康保险等其他扣除是多少元？", label="其他扣除", synonyms=("年金", "健康保险"),
        entity="amount", invalid="请输入每月的其他扣除（元），例如200，没有就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    withheld: Amount | None = ask(
        None, prompt="今年以前月份已经预扣了多少个人所得税？", label="已预扣税额", synonyms=("已扣税款", "已预扣"),
        entity="amount", choices=NOTHING, invalid="请输入今年以前月份已预扣的个人所得税（元），没有就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    cumulative_income: Amount | None = ask(
        None, prompt="今年到本月累计税前工资是多少元？", label="累计工资", hint="各月工资不同的时候填，元",
        synonyms=("累计收入", "累计税前工资"), entity="amount",
        invalid="没有看懂金额，请输入今年到本月的累计税前工资，例如21万。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    cumulative_special: Amount = ask(
        ZERO, prompt="今年到本月，个人缴的社保和公积金累计多少元？", label="累计社保公积金",
        synonyms=("累计社保", "累计公积金"), entity="amount", choices=NOTHING,
        invalid="请输入累计的社保和公积金（元），例如3万，没有就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    cumulative_additional: Amount = ask(
        ZERO, prompt="今年到本月，专项附加扣除累计多少元？", label="累计专项附加扣除", synonyms=("累计附加扣除",),
        entity="amount", choices=NOTHING, invalid="请输入累计的专项附加扣除（元），例如2万，没有就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    first_job: Annotated[FirstJob, BeforeValidator(read_first_job)] = ask(
        FirstJob.NO, prompt="今年是首次就业领工资吗？", label="首次就业", invalid="请选择首次就业或者曾经就业。",
        choices=(Choice("首次就业", FirstJob.YES), Choice("曾经就业", FirstJob.NO)),
    )  # fmt: skip

    @property
    def to_date(self) -> bool:
        """Whether totals to date were given, because the months differ."""
        return self.cumulative_income is not None

    def values(self) -> dict[str, Any]:
        """Either what every month has or the totals to date."""
        left_out = MONTHLY if self.to_date else TO_DATE
        basic = BasicDeduction.FIRST_JOB if self.first_job is FirstJob.YES else BasicDeduction.MONTHS
        return self.model_dump(exclude_none=True, exclude={"first_job", *left_out}) | {"basic": basic}

    def assumed(self) -> list[str]:
        """The month, and that all months are alike."""
        taken = [] if self.told("month") else [f"{self.month}月份的工资"]
        if self.told("start_month"):
            return taken
        return [*taken, f"{self.start_month}月起在本单位领工资" + ("" if self.to_date else "、每个月都一样")]


def required(values: Values) -> list[str]:
    """The wage and the two deductions that nearly everybody has; the same to date where somebody gives totals."""
    if values.get("cumulative_income") is None:
        return ["monthly_income", "monthly_special", "monthly_additional"]
    return ["cumulative_income", "cumulative_special", "cumulative_additional", "withheld"]
