"""What the two calculators of 企业所得税 share: who the enterprise is and what its lower rate takes off the tax.

Legal basis: 企业所得税法第四条 and 第二十八条; small low-profit enterprises: 财政部 税务总局公告2023年第12号第三条 and
国家税务总局公告2023年第6号. As on the returns, tax is worked out at the basic rate first and the relief is taken off.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import TaxForm
from services.taxes.fields import yes_no
from services.taxes.worksheet import Basis, Worksheet, money, percent

SMALL = Basis("mof-sta-2023-12", "第三条")
SMALL_TEST = Basis("sta-2023-6")


class Status(StrEnum):
    """A standing for which the law has a rate of its own."""

    ORDINARY = "ordinary"
    HNTE = "hnte"
    ADVANCED_SERVICE = "advanced_service"
    WESTERN = "western"
    HAINAN = "hainan"


LOWER = {
    Status.HNTE: ("高新技术企业", "cit.hnte_rate", Basis("cit-law", "第二十八条")),
    Status.ADVANCED_SERVICE: ("技术先进型服务企业", "cit.advanced_service_rate", Basis("caishui-2017-79")),
    Status.WESTERN: ("西部地区鼓励类产业企业", "cit.western_rate", Basis("mof-sta-ndrc-2020-23")),
    Status.HAINAN: ("海南自由贸易港鼓励类产业企业", "cit.hainan_rate", Basis("caishui-2020-31")),
}


class EnterpriseForm(TaxForm):
    """What decides on the rate of an enterprise; averages are those of the quarters up to the end of the period."""

    staff: Decimal = ask(
        prompt="从业人数的季度平均值是多少（含劳务派遣）？", label="从业人数", synonyms=("人数",),
        hint="每季（季初＋季末）÷2，再取截至期末各季的平均", invalid="请输入0或更大的人数，例如 120。",
        ge=0, max_digits=9, decimal_places=2,
    )  # fmt: skip
    assets: Decimal = ask(
        prompt="资产总额的季度平均值是多少元？", label="资产总额", synonyms=("资产",),
        hint="每季（季初＋季末）÷2，再取截至期末各季的平均", invalid="请输入0或更大的金额（元），例如 20000000。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    restricted: bool = yes_no("从事国家限制或禁止的行业吗？", "限制或禁止行业")
    status: Status = ask(
        Status.ORDINARY, prompt="企业有没有下面的资格？", label="企业类型",
        invalid="请选择没有、高新技术企业、技术先进型服务企业、西部鼓励类产业或海南鼓励类产业。",
        choices=(Choice("没有", Status.ORDINARY),
                 *(Choice(title, status) for status, (title, _, _) in LOWER.items())),
    )  # fmt: skip


def is_small(form: EnterpriseForm, sheet: Worksheet, taxable: Decimal) -> bool:
    """Whether the enterprise is a small low-profit one; says why not where only a number is in the way."""
    if not sheet.has("cit.small_low_profit_income"):
        sheet.note("小型微利企业优惠在所选日期没有收录适用的规定，没有计算这项优惠。")
        return False
    if form.restricted:
        sheet.note("从事国家限制和禁止行业的，不能享受小型微利企业优惠。")
        return False
    tests = (
        ("应纳税所得额", taxable, "cit.small_low_profit_income", "元"),
        ("从业人数", form.staff, "cit.small_low_profit_staff", "人"),
        ("资产总额", form.assets, "cit.small_low_profit_assets", "元"),
    )
    over = [
        f"{title}{value:,f}{unit}超过{limit:,f}{unit}"
        for title, value, key, unit in tests
        if value > (limit := sheet.number(key))
    ]
    if over:
        sheet.note(f"不符合小型微利企业条件：{'；'.join(over)}。")
    told = "；".join(over) if over else "应纳税所得额、从业人数、资产总额都不超过标准，也不属于限制和禁止行业"
    sheet.step("小型微利企业条件中不符合的", told, Decimal(len(over)), SMALL, SMALL_TEST, unit="项")
    return not over


def relief(form: EnterpriseForm, sheet: Worksheet, taxable: Decimal) -> Decimal:
    """What a lower rate takes off the tax at the basic rate; a small one with a standing takes the better rate."""
    basic = sheet.number("cit.rate")
    if is_small(form, sheet, taxable):
        share, low = sheet.number("cit.small_low_profit_inclusion"), sheet.number("cit.small_low_profit_rate")
        if form.status is not Status.ORDINARY:
            sheet.note(
                f"同时符合小型微利企业条件和{LOWER[form.status][0]}条件，两项不能叠加，这里按较优惠的前一项计算。"
            )
        text = f"{money(taxable)} × （{percent(basic)} − {percent(share)} × {percent(low)}）"
        return sheet.step("小型微利企业减免所得税额", text, taxable * (basic - share * low), SMALL)
    if form.status is Status.ORDINARY:
        return Decimal(0)
    title, key, basis = LOWER[form.status]
    if not sheet.has(key):
        sheet.note(f"{title}的低税率在所选日期没有收录适用的规定，按{percent(basic)}计算。")
        return Decimal(0)
    rate = sheet.number(key)
    text = f"{money(taxable)} × （{percent(basic)} − {percent(rate)}）"
    return sheet.step(f"{title}减免所得税额", text, taxable * (basic - rate), basis)
