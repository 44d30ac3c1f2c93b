"""增值税 of a small-scale taxpayer (a unit or sole trader) for a month or a quarter.

Law: 增值税法 art. 11 and 23, 财政部 税务总局公告2026年第10号, 国家税务总局公告2026年第4号; until 2025 the Interim
Regulations with 财政部 税务总局公告2023年第1号 and 第19号, 国家税务总局公告2023年第1号. Until 2025 sales that do not
exceed the threshold were exempt, and sales of immovables were left out when only they exceeded it; since 2026 only
sales below it are exempt, and no document in force says that immovables may be left out: they are counted, and the
person is told to ask.

Steps and rounding follow the return for small-scale taxpayers: tax at the full levy rate, less 本期应纳税额减征额
(each to the cent), less tax prepaid. Not here: natural persons, homes let or sold, used assets, second-hand goods.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.taxes.calculator import Calculator, CannotCalculate, Figure
from services.taxes.surcharges import levy_surcharges
from services.taxes.vat_small_scale_form import ZERO, VatSmallScaleForm, check_parts
from services.taxes.vat_terms import Prices, net_of
from services.taxes.worksheet import Basis, Worksheet, cents, money, percent


@dataclass(frozen=True, slots=True)
class Law:
    """Where the rules stand on the day: the law since 2026, the regulations before."""

    threshold: tuple[Basis, ...]
    levy: tuple[Basis, ...]
    immovable: tuple[Basis, ...]
    reduction: tuple[Basis, ...]
    margin: tuple[Basis, ...]


OLD = Law(
    threshold=(Basis("sta-2023-1", "第一条"),),
    levy=(Basis("vat-interim-regulations", "第十一条"), Basis("vat-interim-regulations", "第十二条")),
    immovable=(Basis("caishui-2016-36"),),
    reduction=(Basis("sta-2023-1"),),
    margin=(Basis("sta-2023-1", "第二条"),),
)
NEW = Law(
    threshold=(Basis("vat-law", "第二十三条"), Basis("mof-sta-2026-10", "第一条"), Basis("sta-2026-4", "第一条")),
    levy=(Basis("vat-law", "第十一条"), Basis("vat-law", "第十四条")),
    immovable=(Basis("vat-law", "第十一条"), Basis("mof-sta-2026-10", "第三条")),
    reduction=(Basis("mof-sta-2026-10", "第三条"),),
    margin=(Basis("mof-sta-2026-10", "第四条"),),
)
PREPAID_OLD = Basis("caishui-2016-36")
PREPAID_NEW = Basis("mof-sta-2026-14")

REDUCED = "vat.small_scale_levy_rate"
FULL = "vat.small_scale_levy_rate_full"
FIXED = "vat.small_scale_levy_rate_immovable"
ANNUAL_MAX = "vat.small_scale_annual_sales_max"


@dataclass(frozen=True, slots=True)
class Sales:
    """Sales without VAT: those that may be exempt, and those with special invoices, which never are."""

    plain: Decimal
    special: Decimal
    full: Decimal
    leases: Decimal
    special_leases: Decimal
    immovables: Decimal
    special_immovables: Decimal

    @property
    def of_immovables(self) -> Decimal:
        """All sales of immovables."""
        return self.immovables + self.special_immovables

    @property
    def others(self) -> Decimal:
        """All but sales of immovables."""
        return self.plain + self.special + self.full + self.leases + self.special_leases

    @property
    def total(self) -> Decimal:
        """All sales of the period."""
        return self.others + self.of_immovables


def _net_sales(form: VatSmallScaleForm, sheet: Worksheet, law: Law) -> Sales:
    """The sales of the period without VAT, after what may be deducted."""
    plain = form.sales - form.special_sales - form.special_full_sales
    if form.deduction:
        formula = f"{money(plain)} − {money(form.deduction)}"
        plain = sheet.step("差额计税扣除后的余额", formula, plain - form.deduction, *law.margin)
    margin = form.immovables
    if form.immovable_cost:
        formula = f"{money(margin)} − 购置原价{money(form.immovable_cost)}，余额小于0的按0"
        margin = sheet.step("销售不动产的余额", formula, max(margin - form.immovable_cost, ZERO), *law.margin)

    def net(label: str, amount: Decimal, rate: str) -> Decimal:
        if form.prices is Prices.EXCLUSIVE or not amount:
            return cents(amount)
        return net_of(sheet, label, amount, sheet.number(rate), form.prices, *law.levy)

    return Sales(
        plain=net("销售额", plain, REDUCED),
        special=net("减征征收率专票金额", form.special_sales, REDUCED),
        full=net("放弃减征的专票金额", form.special_full_sales, FULL),
        leases=net("租金", form.leases - form.special_leases, FIXED),
        special_leases=net("租金专票金额", form.special_leases, FIXED),
        immovables=net("销售不动产", margin - form.special_immovables, FIXED),
        special_immovables=net("不动产专票金额", form.special_immovables, FIXED),
    )


def _exemption(form: VatSmallScaleForm, sheet: Worksheet, sales: Sales, law: Law) -> tuple[bool, bool]:
    """Whether sales of immovables, and whether all the other sales are exempt."""
    limit = sheet.number(f"vat.threshold_{form.period}")
    at_limit = sheet.number("vat.threshold_includes_limit") == 1

    def below(amount: Decimal) -> bool:
        return amount <= limit if at_limit else amount < limit

    exempt = others_exempt = below(sales.total)
    words = ("不超过", "超过") if at_limit else ("没有达到", "达到或超过")
    told = f"{words[0]}{money(limit)}，免征" if exempt else f"{words[1]}{money(limit)}，全额计税"
    formula = f"本期销售额{money(sales.total)}{told}"
    if not exempt and sales.of_immovables and below(sales.others):
        if sheet.has("vat.threshold_excludes_immovables"):
            others_exempt = sheet.number("vat.threshold_excludes_immovables") == 1
            formula += f"；剔除销售不动产后{money(sales.others)}，其余免征"
        else:
            sheet.note(
                "只因为销售不动产才达到起征点：现行规定没有写可以剔除销售不动产的销售额，这里没有剔除，"
                "申报前请向主管税务机关确认。"
            )
    sheet.step("起征点判断", formula, sales.total, *law.threshold)
    if not exempt and sales.total == limit:
        sheet.note("本期销售额正好等于起征点，也算达到，全部销售额都要计税。")
    return exempt, others_exempt


def compute(form: VatSmallScaleForm, sheet: Worksheet) -> Sequence[Figure]:
    """The VAT to be paid, what the reliefs took off, the surcharges, and all together."""
    check_parts(form)
    old = sheet.has("vat.threshold_excludes_immovables")
    law = OLD if old else NEW
    sales = _net_sales(form, sheet, law)
    if sheet.has("vat.small_scale_annual_sales_max") and sales.others > sheet.number(
        "vat.small_scale_annual_sales_max"
    ):
        raise CannotCalculate(
            "本期销售额已经超过小规模纳税人的年销售额上限，应登记为一般纳税人，请改用一般纳税人的增值税计算。"
        )
    exempt, others_exempt = _exemption(form, sheet, sales, law)
    tax, reduction, exempt_tax, exempt_sales = _tax(sheet, sales, law, exempt, others_exempt)
    payable = tax
    if form.prepaid:
        used = min(form.prepaid, tax)
        payable = sheet.step(
            "本期应补增值税", f"{money(tax)} − 已预缴{money(used)}", tax - used, PREPAID_OLD if old else PREPAID_NEW
        )
        if form.prepaid > used:
            sheet.note(f"已预缴税款还有{money(form.prepaid - used)}没有抵完，结转以后抵减或按规定申请退还。")
    if exempt_sales:
        sheet.note("免征的销售额也要按期申报，填在申报表的免税销售额栏，不能不报。")
    if exempt_sales and payable:
        sheet.note("开了专用发票的销售额不享受免税，这部分要缴税。" if exempt else "其余销售额免征，销售不动产要缴税。")
    levied = levy_surcharges(sheet, payable, form.place, small=True, sales=sales.total, period=form.period)
    total = sheet.step("增值税和附加税费合计", f"{money(payable)} ＋ {money(levied.total)}", payable + levied.total)
    return [
        Figure("payable", "本期应缴增值税", payable),
        Figure("sales", "本期不含税销售额", sales.total),
        Figure("exempt_sales", "免税销售额", exempt_sales),
        Figure("exempt_tax", "免税额", exempt_tax),
        Figure("reduction", "应纳税额减征额", reduction),
        *levied.figures(),
        Figure("surcharges", "附加税费合计", levied.total),
        Figure("total", "增值税和附加税费合计", total),
    ]


def _tax(
    sheet: Worksheet, sales: Sales, law: Law, exempt: bool, others_exempt: bool
) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Tax, reduction, tax on exempt sales, exempt sales: rows of the return."""
    reducible = sales.special + (ZERO if others_exempt else sales.plain)
    fixed_sales = sales.special_leases + (ZERO if others_exempt else sales.leases)
    fixed_sales += sales.special_immovables + (ZERO if exempt else sales.immovables)
    exempt_plain = sales.plain if others_exempt else ZERO
    exempt_fixed = (sales.leases if others_exempt else ZERO) + (sales.immovables if exempt else ZERO)
    tax = reduction = on_fixed = exempt_tax = ZERO
    if ordinary := reducible + sales.full:
        full = sheet.number(FULL)
        tax = sheet.step("按征收率计算的税额", f"{money(ordinary)} × {percent(full)}", ordinary * full, *law.levy)
    if reducible:
        full, reduced = sheet.number(FULL), sheet.number(REDUCED)
        formula = f"{money(reducible)} ×（{percent(full)} − {percent(reduced)}）"
        reduction = sheet.step("减征额", formula, reducible * (full - reduced), *law.reduction)
    if fixed_sales:
        fixed = sheet.number(FIXED)
        formula = f"{money(fixed_sales)} × {percent(fixed)}（不能减征）"
        on_fixed = sheet.step("不动产的税额", formula, fixed_sales * fixed, *law.immovable)
    exempt_parts = [
        (amount, sheet.number(key)) for amount, key in ((exempt_plain, FULL), (exempt_fixed, FIXED)) if amount
    ]
    if exempt_parts:
        formula = " ＋ ".join(f"{money(amount)} × {percent(rate)}" for amount, rate in exempt_parts)
        exempt_tax = sum((amount * rate for amount, rate in exempt_parts), ZERO)
        exempt_tax = sheet.step("免税额", formula, exempt_tax, *law.threshold)
    formula = f"{money(tax)} − {money(reduction)} ＋ {money(on_fixed)}"
    due = sheet.step("应纳税额合计", formula, tax - reduction + on_fixed, *law.levy)
    return due, reduction, exempt_tax, exempt_plain + exempt_fixed


VAT_SMALL_SCALE = Calculator(
    "vat_small_scale", "小规模纳税人增值税", "小规模纳税人一个月或一个季度要缴多少增值税和附加，是否免征、减征。",
    VatSmallScaleForm, compute,
)  # fmt: skip
