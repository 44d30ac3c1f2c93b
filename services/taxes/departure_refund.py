"""离境退税: what overseas visitors get back at departure for goods bought in one refund shop on one day; an estimate.

Legal basis: 财政部公告2015年第3号 and 国家税务总局公告2015年第41号, threshold and cash limit as changed in 2025.
Refund = invoice amount with VAT × refund rate; the refund agency keeps its fee, which it sets itself. Words are in
Chinese and English, because those who ask seldom read Chinese.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.worksheet import Basis, Worksheet, money, percent

POLICY = Basis("mof-2015-3")
MEASURES = Basis("sta-2015-41")


class Payout(StrEnum):
    """How the refund is to be paid."""

    CASH = "cash"
    BANK = "bank"


class DepartureRefundForm(TaxForm):
    """What the refund depends on; `on` is the day of purchase."""

    standard: Decimal = ask(
        Decimal(0), prompt="适用高档增值税率的物品（多数商品），含税多少元？ Amount of most goods, VAT included?",
        label="一般物品金额 Most goods", synonyms=("购物金额",), entity="amount",
        invalid="请输入不小于0的金额，例如 1000。 Enter an amount such as 1000.",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    low: Decimal = ask(
        Decimal(0), prompt="适用低档增值税率的物品（如部分食品、图书），含税多少元？ Amount of low-rate goods?",
        label="低税率物品金额 Low-rate goods", invalid="请输入不小于0的金额，没有的填0。 Enter an amount, or 0.",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    departure: date | None = ask(
        None, prompt="哪一天离境？ When do you leave China?", label="离境日期 Departure",
        invalid="请输入日期，例如 2026-12-01。 Enter a date such as 2026-12-01.",
    )  # fmt: skip
    stay_days: int | None = ask(
        None, prompt="到离境时在境内连续居住了多少天？ How many days in a row will you have stayed?",
        label="居住天数 Days of stay", invalid="请输入天数，例如 14。 Enter days such as 14.", ge=0, le=36600,
    )  # fmt: skip
    payout: Payout = ask(
        Payout.BANK, prompt="想要现金还是银行转账？ Cash or bank transfer?", label="退款方式 Payout",
        invalid="请选择现金或者银行转账。 Choose cash or bank transfer.",
        choices=(Choice("现金 Cash", Payout.CASH), Choice("银行转账 Bank transfer", Payout.BANK)),
    )  # fmt: skip


def refusals(form: DepartureRefundForm, sheet: Worksheet, total: Decimal) -> list[str]:
    """Why there is no refund, in both languages; empty when there is one.

    Raises `CannotCalculate` when the departure lies before the purchase.
    """
    minimum = sheet.number("services.departure_minimum")
    told = f"同一天同一家店合计；起退点{money(minimum)} Minimum purchase {minimum:f} yuan"
    sheet.step("购物金额 Purchase", told, total, POLICY)
    found = []
    if total < minimum:
        found.append(
            f"同一天在同一家退税商店购物不满{money(minimum)}，不能退税。 "
            f"No refund: the purchase in one shop on one day is below {minimum:f} yuan."
        )
    if form.departure is not None:
        between = (form.departure - form.on).days
        if between < 0:
            raise CannotCalculate("离境日期早于购买日期，请核对这两个日期。 Departure is before the day of purchase.")
        days = sheet.number("services.departure_days")
        sheet.step("购买到离境 Purchase to departure", f"最长{days:f}天 At most", Decimal(between), POLICY, unit="天")
        if between > days:
            found.append(
                f"购买到离境超过{days:f}天，不能退税。 No refund: departure is more than {days:f} days after purchase."
            )
    if form.stay_days is not None:
        days = sheet.number("services.departure_stay_days")
        sheet.step("连续居住 Stay", f"最长{days:f}天 At most", Decimal(form.stay_days), POLICY, unit="天")
        if form.stay_days > days:
            found.append(
                f"在境内连续居住超过{days:f}天，不属于境外旅客。 "
                f"No refund: those who stayed more than {days:f} days in a row are not overseas visitors."
            )
    return found


def compute(form: DepartureRefundForm, sheet: Worksheet) -> Sequence[Figure]:
    """What the visitor receives, the refund before the fee, and the fee."""
    total = form.standard + form.low
    if not total:
        raise CannotCalculate("请至少填写一项购物金额。 Please enter the amount of your purchase.")
    refund = fee = Decimal(0)
    if found := refusals(form, sheet, total):
        for words in found:
            sheet.note(words)
        sheet.step("实退金额 You receive", "不符合退税条件 Not eligible", Decimal(0), POLICY)
    else:
        high, low = sheet.number("services.departure_rate_standard"), sheet.number("services.departure_rate_low")
        told = f"{money(form.standard)} × {percent(high)} + {money(form.low)} × {percent(low)}"
        refund = sheet.step("退税额 Refund", told, form.standard * high + form.low * low, POLICY)
        share = sheet.number("services.departure_fee")
        fee = sheet.step("手续费 Handling fee", f"{money(total)} × 约{percent(share)}", total * share, MEASURES)
        cash = sheet.number("services.departure_cash")
        sheet.step("实退金额 You receive", f"{money(refund)} − {money(fee)}", refund - fee, POLICY, MEASURES)
        sheet.note(
            "手续费是约数，以退税代理机构公示为准，实退金额是估算。 "
            "The fee is set by the refund agency, so the amount you receive is an estimate."
        )
        if refund > cash:
            sheet.note(
                f"退税额超过{money(cash)}，只能银行转账。 "
                f"A refund above {cash:f} yuan is paid by bank transfer only{_but(form)}"
            )
        else:
            sheet.note(
                f"退税额不超过{money(cash)}，可以选现金或者银行转账。 "
                f"Up to {cash:f} yuan you may choose cash or bank transfer."
            )
        sheet.note(
            "物品须未启用、由本人随身携带或者托运离境，离境前请海关验核签章。 "
            "Goods must be unused and leave with you; have customs stamp the form before you leave."
        )
    return [
        Figure("received", "实退金额 You receive", refund - fee),
        Figure("refund", "退税额 Refund", refund),
        Figure("fee", "手续费（约） Handling fee (about)", fee),
    ]


def _but(form: DepartureRefundForm) -> str:
    return ", not in cash as you chose." if form.payout is Payout.CASH else "."


DEPARTURE_REFUND = Calculator(
    "departure_refund",
    "离境退税",
    "境外旅客购物离境大约能退多少税。 Estimate of the departure tax refund for overseas visitors.",
    DepartureRefundForm,
    compute,
)
