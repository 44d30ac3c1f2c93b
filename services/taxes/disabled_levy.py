"""残疾人就业保障金: units that employ fewer disabled people than their province asks pay for the missing places.

Legal basis: 残疾人就业条例 (articles 8 and 9); bands and exemption of small enterprises: 财政部公告2023年第8号. The
count of missing places need not be whole. The full amount is rounded, then the reduction; the rest is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.worksheet import Basis, Worksheet, money, percent

RATIO = Basis("disabled-employment-regulations", "第八条")
LEVY = Basis("disabled-employment-regulations", "第九条")
RELIEF = Basis("mof-2023-8")


class Unit(StrEnum):
    """Only enterprises are exempt for being small."""

    ENTERPRISE = "enterprise"
    OTHER = "other"


class DisabledLevyForm(TaxForm):
    """What the levy depends on; all figures are those of the year before."""

    unit: Unit = ask(
        Unit.ENTERPRISE, prompt="是企业，还是机关、事业单位等？", label="单位性质",
        invalid="请选择企业，或机关、事业单位等。",
        choices=(Choice("企业", Unit.ENTERPRISE), Choice("机关、事业单位、社会组织等", Unit.OTHER)),
    )  # fmt: skip
    staff: Decimal = ask(
        prompt="上年在职职工平均有多少人？", label="在职职工人数", synonyms=("职工人数", "人数"),
        invalid="请输入大于0的人数，例如 80。", gt=0, max_digits=9, decimal_places=2,
        hint="季节性用工折算为年平均人数；劳务派遣一般计入派遣单位",
    )  # fmt: skip
    disabled: Decimal = ask(
        Decimal(0), prompt="上年实际安排了多少名残疾人就业？", label="残疾职工人数", synonyms=("残疾人数",),
        invalid="请输入0或更大的人数，例如 1。", ge=0, max_digits=9, decimal_places=2,
        hint="以残疾人就业服务机构审核的人数为准",
    )  # fmt: skip
    average_wage: Decimal = ask(
        prompt="上年在职职工的年平均工资是多少元？", label="年平均工资", synonyms=("平均工资",), entity="amount",
        invalid="请输入大于0的金额，例如 80000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    local_ratio: Decimal | None = ask(
        None, prompt="当地规定的安排比例是多少（例如 1.5%填0.015）？", label="安排比例",
        invalid="请输入比例，例如 0.015。", gt=0, lt=1, max_digits=6, decimal_places=5,
    )  # fmt: skip
    local_average_wage: Decimal | None = ask(
        None, prompt="当地上年城镇单位就业人员年平均工资是多少元？", label="当地平均工资", entity="amount",
        invalid="请输入大于0的金额，例如 110000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip


def _wage(form: DisabledLevyForm, sheet: Worksheet) -> Decimal:
    """The wage that counts: not more than so many times the local average."""
    if form.local_average_wage is None:
        sheet.note("没有填写当地平均工资，按本单位平均工资计算，没有封顶；工资较高的单位请补充后再算。")
        return form.average_wage
    times = sheet.number("services.levy_wage_cap")
    most = form.local_average_wage * times
    told = f"{money(form.average_wage)}与{money(form.local_average_wage)} × {times.normalize():f}取小"
    return sheet.step("计征用的年平均工资", told, min(form.average_wage, most), LEVY)


def _reduction(form: DisabledLevyForm, sheet: Worksheet, full: Decimal) -> Decimal:
    """What the reliefs of a few years take off."""
    if not sheet.has("services.levy_band_ratio"):
        sheet.note("知识库没有收录所选日期适用的分档减缴和小企业免征规定，按全额计算；后续政策以财政部公告为准。")
        return Decimal(0)
    few = sheet.number("services.levy_exempt_staff")
    if form.unit is Unit.ENTERPRISE and form.staff <= few:
        sheet.note("免征的企业也要按规定申报。")
        told = f"企业在职职工{form.staff.normalize():f}人，不超过{few.normalize():f}人，全部免征"
        return sheet.step("小企业免征", told, full, RELIEF)
    line = sheet.number("services.levy_band_ratio")
    reached = form.disabled >= form.staff * line
    share = sheet.number("services.levy_band_high" if reached else "services.levy_band_low")
    told = f"安排比例{'达到' if reached else '不到'}{percent(line)}，按{percent(share)}缴纳"
    return sheet.step("分档减缴额", f"{told}：{money(full)} × （1 − {percent(share)}）", full * (1 - share), RELIEF)


def compute(form: DisabledLevyForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is to be paid, the amount before reliefs and what they take off."""
    if form.disabled > form.staff:
        raise CannotCalculate("安排的残疾人数不能多于在职职工人数，请核对后重新输入。")
    lowest = sheet.number("services.levy_ratio")
    ratio = lowest if form.local_ratio is None else form.local_ratio
    if ratio < lowest:
        raise CannotCalculate(f"安排比例由各省规定，不低于{percent(lowest)}，请核对后重新输入。")
    if form.local_ratio is None:
        sheet.note(f"没有填写当地比例，按最低的{percent(lowest)}计算；各省的比例可能更高。")
    missing = max(form.staff * ratio - form.disabled, Decimal(0))
    told = f"{form.staff.normalize():f}人 × {percent(ratio)} − {form.disabled.normalize():f}人"
    sheet.step("少安排的人数", told + ("" if missing else "，已达到规定"), missing, RATIO, unit="人")
    wage = _wage(form, sheet)
    full = sheet.step("应缴额", f"{missing.normalize():f}人 × {money(wage)}", missing * wage, LEVY)
    reduction = _reduction(form, sheet, full) if full else Decimal(0)
    payable = sheet.step("应缴残疾人就业保障金", f"{money(full)} − {money(reduction)}", full - reduction, LEVY)
    sheet.note("人数和工资都用上一年的；安排残疾人要先经残疾人就业服务机构审核，重度残疾人等有折算规定。")
    sheet.note("申报期由各省规定；各地还可能有其他减免。")
    return [
        Figure("payable", "应缴残疾人就业保障金", payable),
        Figure("full", "减免前应缴额", full),
        Figure("reduction", "减免额", reduction),
    ]


DISABLED_LEVY = Calculator(
    "disabled_levy", "残疾人就业保障金", "按上年人数、安排的残疾人数和平均工资，算残保金并扣除减免。",
    DisabledLevyForm, compute,
)  # fmt: skip
