"""Tax on the annual bonus in a chat: on its own at once, or compared with taxing it together with the year's wages."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm, law_day, written
from services.calculations.forms.reading import NOTHING, Amount, Day
from services.taxes.fields import ZERO


class Way(StrEnum):
    """What the person wants to know."""

    COMPARE = "compare"
    SEPARATE = "separate"


read_way = by_names({
    Way.SEPARATE: ("不比", "不用比", "单独", "只算", "不要", "不用"),
    Way.COMPARE: ("比较", "比一比", "都算", "划算", "要"),
})  # fmt: skip


class BonusChat(ChatForm):
    """The bonus, and the rest of the year where both ways are compared."""

    bonus: Amount = ask(
        prompt="年终奖（全年一次性奖金）是多少元？", label="奖金", hint="税前，元",
        synonyms=("年终奖", "全年一次性奖金", "一次性奖金"), entity="amount",
        invalid="没有看懂金额，请输入奖金金额，例如5万或50000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    way: Annotated[Way | None, BeforeValidator(read_way)] = ask(
        None, prompt="年终奖可以单独计税，也可以并入全年工资计税。两种都算、比一比，还是只按单独算？", label="算法",
        invalid="请选择两种都算，或者只按单独算。",
        choices=(Choice("两种都算", Way.COMPARE), Choice("只按单独算", Way.SEPARATE)),
    )  # fmt: skip
    year_income: Amount | None = ask(
        None, prompt="不含这笔奖金，全年税前工资一共多少元？", label="全年工资",
        hint="不含奖金；另有劳务报酬等的，加上收入额", synonyms=("全年收入", "年薪", "年收入"), entity="amount",
        invalid="没有看懂金额，请输入不含奖金的全年税前工资，例如24万。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    year_deductions: Amount = ask(
        ZERO, prompt="全年个人缴的社保公积金、专项附加扣除等一共多少元？基本减除费用不用算，我会自动扣除。",
        label="全年扣除", hint="社保公积金、专项附加扣除和其他扣除", synonyms=("全年社保", "扣除"), entity="amount",
        choices=NOTHING, invalid="请输入全年扣除的合计（元），例如4万，没有就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    on: Day = law_day("哪一天发的奖金？", "发放日期", "日期")

    def values(self) -> dict[str, Any]:
        """The calculator compares where it knows the year's income."""
        alone = self.year_income is None or self.way is Way.SEPARATE
        compared = {} if alone else {
            "year_income": self.year_income, "year_deductions": self.year_deductions,
        }  # fmt: skip
        return {"bonus": self.bonus, "on": self.on, **compared}

    def assumed(self) -> list[str]:
        """The day."""
        return [] if self.told("on") else [f"{written(self.on)}的规定"]


def required(values: Values) -> list[str]:
    """The year's income only where the ways are compared."""
    way = values.get("way")
    if way == Way.COMPARE or (way is None and values.get("year_income") is not None):
        return ["bonus", *(["way"] if way else []), "year_income", "year_deductions"]
    return ["bonus", "way"]
