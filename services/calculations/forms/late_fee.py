"""Late fees in a chat: how much, since when; paid today unless another day is named."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import DAY_INVALID, ChatForm, law_day, written
from services.calculations.forms.reading import Amount, Day
from services.taxes.late_fee import Debt

read_debt = by_names({
    Debt.SOCIAL_INSURANCE: ("社会保险", "社保", "医保", "养老保险"), Debt.FINE: ("罚款",), Debt.TAX: ("税",),
})  # fmt: skip


class LateFeeChat(ChatForm):
    """An amount that was due on a day and is paid on another."""

    amount: Amount = ask(
        prompt="逾期没有缴的本金是多少元？", label="欠缴金额", hint="元，不含滞纳金",
        synonyms=("税款", "欠税", "欠费", "本金", "罚款"), entity="amount",
        invalid="没有看懂金额，请输入欠缴的本金，例如1万或10000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    due: Day = ask(
        prompt="缴款期限的最后一天是哪一天？", label="到期日", hint="例如2026年10月26日",
        synonyms=("期限", "截止日", "最后期限"), entity="date", invalid=DAY_INVALID,
    )  # fmt: skip
    debt: Annotated[Debt, BeforeValidator(read_debt)] = ask(
        Debt.TAX, prompt="逾期的是税款、社会保险费还是罚款？", label="款项", invalid="请选择税款、社会保险费或者罚款。",
        choices=(Choice("税款", Debt.TAX), Choice("社会保险费", Debt.SOCIAL_INSURANCE), Choice("罚款", Debt.FINE)),
    )  # fmt: skip
    on: Day = law_day("哪一天缴纳（或者打算缴纳）？", "缴纳日期", "缴款日", "缴纳日", "缴纳")

    def assumed(self) -> list[str]:
        """What is owed, and the day of payment."""
        taken = [] if self.told("debt") else ["税款"]
        return taken if self.told("on") else [*taken, f"{written(self.on)}缴纳"]


def required(_values: Values) -> list[str]:
    """How much and since when."""
    return ["amount", "due"]
