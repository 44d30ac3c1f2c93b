"""Tax withheld from a payment for services in a chat; months and earlier tax only where income to date counts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm, law_day, written
from services.calculations.forms.reading import NOTHING, Amount, Day, Month
from services.taxes.iit_labour import TO_DATE, Kind

read_kind = by_names({
    Kind.STUDENT: ("实习", "学生"),
    Kind.PLATFORM: ("平台", "骑手", "外卖", "网约车", "主播", "直播", "带货"),
    Kind.AUTHOR: ("稿酬", "稿费", "出书", "发表"),
    Kind.ROYALTY: ("特许权", "专利", "版权", "商标"),
    Kind.LABOUR: ("劳务", "兼职", "讲课", "咨询", "设计", "翻译", "装修", "演出"),
})  # fmt: skip


class LabourChat(ChatForm):
    """One payment, or income to date for student interns and platform workers."""

    kind: Annotated[Kind, BeforeValidator(read_kind)] = ask(
        prompt="是哪种收入？", label="收入种类", synonyms=("种类",), invalid="请从按钮中选择一种收入。",
        choices=(Choice("劳务报酬（兼职、讲课等）", Kind.LABOUR), Choice("稿酬", Kind.AUTHOR),
                 Choice("特许权使用费", Kind.ROYALTY), Choice("在校学生实习", Kind.STUDENT),
                 Choice("网络平台接单（骑手、主播等）", Kind.PLATFORM)),
    )  # fmt: skip
    income: Amount = ask(
        prompt="这笔收入是多少元（不含增值税）？学生实习、平台接单的，请填今年到本月的累计收入。", label="收入",
        hint="不含增值税，元", synonyms=("报酬", "稿费", "稿酬", "劳务费"), entity="amount",
        invalid="没有看懂金额，请输入收入金额，例如5000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    months: Month | None = ask(
        None, prompt="今年到本月，在这个单位（平台）一共干了几个月？", label="从业月份数",
        synonyms=("月份数", "几个月"), invalid="请输入1到12的整数，例如3个月。", units=("个月",), ge=1, le=12,
    )  # fmt: skip
    withheld: Amount | None = ask(
        None, prompt="今年以前月份，这个单位（平台）已经预扣了多少个人所得税？", label="已预扣税额",
        synonyms=("已扣税款", "已预扣"), entity="amount", choices=NOTHING,
        invalid="请输入已预扣的个人所得税（元），没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    on: Day = law_day("哪一天支付的？", "支付日期", "日期")

    def values(self) -> dict[str, Any]:
        """Months and earlier tax are left out where each payment stands on its own."""
        left_out = set() if self.kind in TO_DATE else {"months", "withheld"}
        return self.model_dump(exclude_none=True, exclude=left_out)

    def assumed(self) -> list[str]:
        """The day."""
        return [] if self.told("on") else [f"{written(self.on)}的规定"]


def required(values: Values) -> list[str]:
    """Months and earlier tax only for those whose income counts to date; a first month has no earlier tax."""
    if values.get("kind") not in TO_DATE:
        return ["kind", "income"]
    first = str(values.get("months")) == "1"
    return ["kind", "income", "months", *([] if first else ["withheld"])]
