"""经营所得个人所得税: business income of sole traders, sole proprietorships and partners, 5–35 %, books kept.

Sole traders have the tax on the part up to 2,000,000 元 halved from 2023 to 2027 (财政部 税务总局公告2023年第12号,
formula in 国家税务总局公告2023年第12号). Basis: 个人所得税法第六、十二条; 实施条例第十五条. Prepayment goes by the
year to date on the same table. Returns keep 角 and 分, so every line is rounded to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.kit.clock import today
from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import ZERO, amount, whole
from services.taxes.iit_brackets import BUSINESS_RATES, bracket_of, require
from services.taxes.worksheet import Basis, Worksheet, money, percent

INCOME = Basis("iit-law", "第六条第一款第三项")
OWNER = Basis("iit-regulations", "第十五条")
SETTLEMENT = Basis("iit-law", "第十二条")
CHARITY = Basis("iit-law", "第六条第三款")
PENSION = Basis("mof-sta-2024-21")
HALF = Basis("mof-sta-2023-12", "第一条")
HALF_FORMULA = Basis("sta-2023-12", "第三条")
YEAR = 12


class Owner(StrEnum):
    """Whose business it is."""

    SOLE_TRADER = "sole_trader"
    PROPRIETOR = "proprietor"
    PARTNER = "partner"


class Deduct(StrEnum):
    """Where the owner's own deductions are made: once a year, in one place."""

    HERE = "here"
    ELSEWHERE = "elsewhere"


class BusinessForm(TaxForm):
    """Accounts of the business from January on, and the owner's deductions; `on` is a day of that year."""

    on: date = ask(
        default_factory=today, prompt="计算哪一年的经营所得？请填那一年里的任意一天。", label="所属年度内的日期",
        invalid="请输入日期，例如 2025-12-31。",
    )  # fmt: skip
    owner: Owner = ask(
        prompt="您是哪一类经营者？", label="经营者类型", invalid="请选择个体工商户、个人独资企业，或合伙企业合伙人。",
        choices=(Choice("个体工商户", Owner.SOLE_TRADER), Choice("个人独资企业投资者", Owner.PROPRIETOR),
                 Choice("合伙企业个人合伙人", Owner.PARTNER)),
    )  # fmt: skip
    revenue: Decimal = amount("本年收入总额（不含增值税）是多少元？", "收入总额", ...)
    costs: Decimal = amount("本年成本、费用、税金和损失一共多少元？", "成本费用")
    prior_losses: Decimal = amount("可以弥补的以前年度亏损是多少元？", "以前年度亏损")
    share: Decimal | None = ask(
        None, prompt="合伙人的分配比例是百分之多少？", label="分配比例", invalid="请输入0到100之间的数，例如 50。",
        gt=0, le=100, max_digits=7, decimal_places=4,
    )  # fmt: skip
    months: int = whole("预缴填本年实际经营的月份数，年度汇算填12。", "月份数", YEAR, 1, YEAR)
    deduct: Deduct = ask(
        prompt="基本减除费用、社保等个人扣除，是否在经营所得中扣除？", label="个人扣除", invalid="请从按钮中选择一项。",
        choices=(Choice("没有综合所得，或选择在经营所得中扣除", Deduct.HERE),
                 Choice("已在工资等综合所得中扣除", Deduct.ELSEWHERE)),
    )  # fmt: skip
    special: Decimal = amount("业主本人的社保和公积金是多少元？", "专项扣除")
    additional: Decimal = amount("专项附加扣除是多少元（只在年度汇算时扣除）？", "专项附加扣除")
    pension: Decimal = amount("本年缴存个人养老金多少元？", "个人养老金")
    other: Decimal = amount("商业健康保险等其他扣除是多少元？", "其他扣除")
    charity: Decimal = amount("按限额扣除的公益捐赠是多少元？", "公益捐赠")
    relief: Decimal = amount("其他政策的减免税额（如残疾人减征）是多少元？", "其他减免税额")
    prepaid: Decimal = amount("本年已预缴个人所得税多少元？", "已预缴税额")


def _profit(form: BusinessForm, sheet: Worksheet) -> Decimal:
    """Profit after losses of earlier years, and the owner's share of it."""
    profit = form.revenue - form.costs
    if profit < 0:
        years = sheet.number("iit.sole_trader_loss_years")
        sheet.note(f"本年亏损，不缴个人所得税；亏损可以用以后年度的经营所得弥补，最长不超过{years:f}年。")
    used = min(form.prior_losses, max(profit, ZERO))
    if used < form.prior_losses:
        sheet.note(f"还有{money(form.prior_losses - used)}以前年度亏损没有弥补，在结转年限内可以继续弥补。")
    told = f"{money(form.revenue)} － {money(form.costs)} － 弥补亏损{money(used)}，不足0的按0"
    rest = sheet.step("经营所得", told, max(profit - used, ZERO), INCOME)
    if form.owner is not Owner.PARTNER:
        if form.share is not None:
            raise CannotCalculate("只有合伙企业的合伙人才填分配比例，请删去后再算。")
        return rest
    if form.share is None:
        raise CannotCalculate("请填写您在合伙企业的分配比例，例如 50。")
    told = f"{money(rest)} × {form.share.normalize():f}%"
    return sheet.step("合伙人应分得的经营所得", told, rest * form.share / 100, INCOME)


def _personal(form: BusinessForm, sheet: Worksheet) -> Decimal:
    """The owner's deductions, where they are made here."""
    given = form.special + form.additional + form.pension + form.other
    if form.deduct is Deduct.ELSEWHERE:
        if given:
            raise CannotCalculate("个人扣除已在综合所得中扣除的，不能在经营所得中重复扣除，请把各项个人扣除改为0。")
        return ZERO
    if form.additional and form.months < YEAR:
        raise CannotCalculate("专项附加扣除只在年度汇算时扣除，预缴时请填0。")
    if form.months == YEAR:
        basic, told = sheet.number("iit.basic_deduction_year"), "全年定额"
    else:
        each = sheet.number("iit.basic_deduction_month")
        basic, told = each * form.months, f"每月{money(each)} × {form.months}个月"
    total = sheet.step("减除费用", told, basic, OWNER)
    if form.pension:
        limit = sheet.number("iit.pension_deduction_year")
        if form.pension > limit:
            raise CannotCalculate(f"个人养老金每年最多扣除{money(limit)}，请填不超过限额的金额。")
        sheet.step("个人养老金", f"不超过每年限额{money(limit)}", form.pension, PENSION)
    sheet.note("同时有综合所得和经营所得的，减除费用和各项个人扣除只能选一处扣除，不能重复。")
    told = f"减除费用{money(total)} ＋ 专项、专项附加和其他扣除{money(given)}"
    return sheet.step("个人扣除合计", told, total + given, OWNER)


def _taxable(form: BusinessForm, sheet: Worksheet) -> Decimal:
    profit = _profit(form, sheet)
    personal = _personal(form, sheet)
    base = sheet.step(
        "捐赠前应纳税所得额", f"{money(profit)} － {money(personal)}，不足0的按0", max(profit - personal, ZERO), INCOME
    )
    if not form.charity:
        return base
    ratio = sheet.number("iit.charity_limit")
    told = f"捐赠{money(form.charity)}，限额为{money(base)} × {percent(ratio)}"
    gift = sheet.step("准予扣除的捐赠", told, min(form.charity, base * ratio), CHARITY)
    return sheet.step("应纳税所得额", f"{money(base)} － {money(gift)}", base - gift, INCOME)


def _half(form: BusinessForm, sheet: Worksheet, taxable: Decimal) -> Decimal:
    """Half of the tax on the part up to the limit, less other reliefs in proportion; sole traders only."""
    if form.owner is not Owner.SOLE_TRADER or not taxable:
        return ZERO
    require(sheet, HALF.document)  # a relief with a lower limit came before, which is not on record
    if not sheet.has("iit.sole_trader_half_limit"):
        sheet.note("个体工商户减半征收的政策在这一年没有收录延续的规定，按全额计算。")
        return ZERO
    limit, ratio = sheet.number("iit.sole_trader_half_limit"), sheet.number("iit.sole_trader_half_ratio")
    part = min(taxable, limit)
    row = bracket_of(sheet, "iit.brackets_business", part)
    told = f"（不超过{money(limit)}部分的税额：{row.words(part)}"
    if form.relief:
        told += f" － 其他减免{money(form.relief)} × {money(part)} ÷ {money(taxable)}"
    other = form.relief * part / taxable
    return sheet.step(
        "减半征收减免税额", f"{told}） × {percent(ratio)}", (row.tax(part) - other) * ratio, HALF, HALF_FORMULA
    )


def compute(form: BusinessForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is paid or paid back, for the year or for the year to date."""
    taxable = _taxable(form, sheet)
    row = bracket_of(sheet, "iit.brackets_business", taxable)
    tax = sheet.step("应纳税额", row.words(taxable), row.tax(taxable), BUSINESS_RATES)
    if form.relief > tax:
        raise CannotCalculate(f"其他减免税额不能超过应纳税额{money(tax)}，请核对后重新输入。")
    half = _half(form, sheet, taxable)
    told = f"{money(tax)} － 减半{money(half)} － 其他减免{money(form.relief)} － 已预缴{money(form.prepaid)}"
    balance = tax - half - form.relief - form.prepaid
    rest = [
        Figure("tax", "减免前应纳税额", tax),
        Figure("half", "减半征收减免税额", half),
        Figure("taxable", "应纳税所得额", taxable),
    ]
    sheet.note("按查账征收计算；从两处以上取得经营所得的，年度终了后还要汇总申报。")
    if balance >= 0 or form.months < YEAR:
        payable = sheet.step("应补（缴）税额", f"{told}，不足0的按0", max(balance, ZERO), SETTLEMENT)
        return [Figure("payable", "应补（缴）税额", payable), Figure("refund", "应退税额", ZERO), *rest]
    refund = sheet.step("应退税额", f"{told}，余额为负，可以退税", -balance, SETTLEMENT)
    return [Figure("refund", "应退税额", refund), Figure("payable", "应补（缴）税额", ZERO), *rest]


IIT_BUSINESS = Calculator(
    "iit_business",
    "经营所得个人所得税",
    "个体工商户等的经营所得要缴多少个人所得税，减半征收减多少。",
    BusinessForm,
    compute,
)
