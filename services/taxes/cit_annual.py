"""企业所得税年度汇算清缴: what a resident enterprise that keeps books still owes for a year, or gets back.

Legal basis: 企业所得税法 (articles 5, 18, 22, 54), 实施条例第一百条 (special equipment); research: 财政部 税务总局公告
2023年第7号 and 财政部 税务总局 发展改革委 工业和信息化部公告2023年第44号. The lines follow the annual return (A100000):
adjusted income, less project reliefs, less losses, tax at the basic rate, less reliefs, less credit, less prepayments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

from hub.kit.clock import today
from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure
from services.taxes.cit_relief import EnterpriseForm, Status, relief
from services.taxes.fields import amount
from services.taxes.worksheet import Basis, Worksheet, money, percent

SETTLEMENT = Basis("cit-law", "第五十四条")
TAXABLE = Basis("cit-law", "第五条")
ADJUSTED = Basis("cit-law", "第二十一条")
LOSSES = Basis("cit-law", "第十八条")
RATE = Basis("cit-law", "第四条")
TAX = Basis("cit-law", "第二十二条")
EQUIPMENT = Basis("cit-regulations", "第一百条")


class Research(StrEnum):
    """At which ratio research costs are deducted once more."""

    NONE = "none"
    GENERAL = "general"
    IC = "ic"


class CitAnnualForm(EnterpriseForm):
    """What the settlement of a year depends on; averages of staff and assets are those of the year's four quarters."""

    on: date = ask(
        default_factory=today, prompt="要算哪个纳税年度？请输入这一年的最后一天。", label="年度最后一天",
        invalid="请输入日期，例如 2026-12-31。",
    )  # fmt: skip
    profit: Decimal = ask(
        prompt="全年会计利润总额是多少元（亏损填负数）？", label="利润总额", synonyms=("利润",), entity="amount",
        invalid="请输入金额，例如 3200000；亏损填负数。", max_digits=15, decimal_places=2,
    )  # fmt: skip
    increase: Decimal = amount("纳税调整增加额是多少元？", "纳税调增")
    decrease: Decimal = amount("纳税调整减少额是多少元？", "纳税调减")
    exempt: Decimal = amount("免税收入、减计收入和其他加计扣除是多少元（不含研发费用）？", "免税收入")
    research: Research = ask(
        Research.NONE, prompt="有可以加计扣除的研发费用吗？", label="研发费用加计扣除",
        invalid="请选择没有、一般企业，或集成电路和工业母机企业。",
        choices=(Choice("没有", Research.NONE), Choice("有，一般企业", Research.GENERAL),
                 Choice("有，清单内的集成电路和工业母机企业", Research.IC)),
    )  # fmt: skip
    research_cost: Decimal = amount("计入当期损益、可以加计的研发费用是多少元？", "费用化研发费用")
    research_amortisation: Decimal = amount("研发形成的无形资产本年摊销了多少元？", "研发无形资产摊销")
    project_relief: Decimal = amount("所得减免（技术转让、农林牧渔等项目）是多少元？", "所得减免")
    losses: Decimal = amount("在结转年限内、可以弥补的以前年度亏损是多少元？", "以前年度亏损")
    equipment: Decimal = amount("可以抵免的环保、节能节水、安全生产专用设备投资是多少元？", "专用设备投资额")
    prepaid: Decimal = amount("本年已经预缴了多少元所得税？", "已预缴税额")


def _research(form: CitAnnualForm, sheet: Worksheet) -> Decimal:
    """What research is deducted once more: a share of the costs, and of the amortisation what goes beyond it."""
    if form.research is Research.NONE:
        if form.research_cost or form.research_amortisation:
            raise CannotCalculate("填了研发费用，请同时选择研发费用加计扣除的类型；不能享受的请把研发费用改为0。")
        return Decimal(0)
    suffix, document = "", "mof-sta-2023-7"
    if form.research is Research.IC and sheet.has("cit.rd_extra_ic"):
        suffix, document = "_ic", "mof-sta-ndrc-miit-2023-44"
    elif form.research is Research.IC:
        sheet.note("集成电路和工业母机企业的较高加计比例在所选日期没有收录适用的规定，按一般企业计算。")
    extra = sheet.number(f"cit.rd_extra{suffix}")
    beyond = sheet.number(f"cit.rd_capitalised{suffix}") - 1
    sheet.note("烟草、住宿餐饮、批发零售、房地产、租赁和商务服务、娱乐业不能享受研发费用加计扣除；费用要单独归集。")
    return sheet.step(
        "研发费用加计扣除",
        f"{money(form.research_cost)} × {percent(extra)} + {money(form.research_amortisation)} × {percent(beyond)}",
        form.research_cost * extra + form.research_amortisation * beyond, Basis(document, "第一条"),
    )  # fmt: skip


def _taxable(form: CitAnnualForm, sheet: Worksheet) -> Decimal:
    research = _research(form, sheet)
    adjusted = sheet.step(
        "纳税调整后所得",
        f"{money(form.profit)} + 调增{money(form.increase)} − 调减{money(form.decrease)}"
        f" − 免税、减计收入和加计扣除{money(form.exempt + research)}",
        form.profit + form.increase - form.decrease - form.exempt - research, TAXABLE, ADJUSTED,
    )  # fmt: skip
    if adjusted < 0:
        sheet.note(f"本年亏损{money(-adjusted)}，可以在以后年度弥补。")
    left = max(adjusted, Decimal(0))
    projects = min(form.project_relief, left)
    losses = min(form.losses, left - projects)
    if form.losses > losses:
        longer = form.status is Status.HNTE and sheet.has("cit.loss_years_hnte")
        years = sheet.number("cit.loss_years_hnte" if longer else "cit.loss_years")
        sheet.note(f"以前年度亏损还有{money(form.losses - losses)}没有弥补；亏损的结转年限是{years.normalize():f}年。")
    text = f"{money(left)} − 所得减免{money(projects)} − 弥补亏损{money(losses)}"
    return sheet.step("应纳税所得额", text, left - projects - losses, TAXABLE, LOSSES)


def _credit(form: CitAnnualForm, sheet: Worksheet, tax: Decimal) -> Decimal:
    """A share of the investment in special equipment, as far as there is tax to take it off."""
    if not form.equipment:
        return Decimal(0)
    share = sheet.number("cit.special_equipment_credit")
    full = form.equipment * share
    text = f"{money(form.equipment)} × {percent(share)}，不超过{money(tax)}"
    credit = sheet.step("抵免所得税额", text, min(full, tax), EQUIPMENT)
    if full > credit:
        years = sheet.number("cit.special_equipment_carry_years")
        sheet.note(f"没有抵免完的{money(full - credit)}，可以在以后{years.normalize():f}个纳税年度结转抵免。")
    return credit


def compute(form: CitAnnualForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is still to be paid (less than nothing: to be refunded), the tax of the year and its base."""
    taxable = _taxable(form, sheet)
    rate = sheet.number("cit.rate")
    full = sheet.step("应纳所得税额", f"{money(taxable)} × {percent(rate)}", taxable * rate, RATE)
    lower = relief(form, sheet, taxable) if taxable else Decimal(0)
    credit = _credit(form, sheet, full - lower)
    tax = sheet.step(
        "全年应纳税额", f"{money(full)} − 减免{money(lower)} − 抵免{money(credit)}", full - lower - credit, TAX
    )
    balance = sheet.step(
        "应补（退）所得税额", f"{money(tax)} − 已预缴{money(form.prepaid)}", tax - form.prepaid, SETTLEMENT
    )  # fmt: skip
    if balance < 0:
        sheet.note(f"应退{money(-balance)}，汇算清缴后可以申请退税，也可以抵缴下一年度的税款。")
    months = sheet.number("cit.settlement_months")
    sheet.note(f"年度终了之日起{months.normalize():f}个月内申报并结清，没有税款或者亏损的也要申报。")
    sheet.note("招待费、广告费、福利费、捐赠等的扣除限额请先算好，计入纳税调增；境外所得和跨地区分摊没有计算。")
    return [
        Figure("balance", "应补（退）税额，负数为应退", balance),
        Figure("tax", "全年应纳税额", tax),
        Figure("taxable", "应纳税所得额", taxable),
        Figure("relief", "减免和抵免税额", lower + credit),
    ]


CIT_ANNUAL = Calculator(
    "cit_annual", "企业所得税汇算清缴", "按全年利润和纳税调整，算企业所得税应补还是应退多少。", CitAnnualForm, compute
)
