"""契税: who buys or is granted land or a building pays on the price without VAT; homes of a family at lower rates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.worksheet import Basis, Worksheet, money, percent

RATE = Basis("deed-tax-law", "第三条")
HOMES = Basis("mof-sta-mohurd-2024-16", "第一条")


class Home(StrEnum):
    """Which home of the family it is: wife, husband and children under age count together."""

    ONLY = "only"
    SECOND = "second"
    OTHER = "other"


class DeedForm(TaxForm):
    """What deed tax depends on."""

    price: Decimal = ask(
        prompt="不含增值税的成交价格是多少元？", label="成交价格", synonyms=("房价", "总价"), entity="amount",
        invalid="请输入大于0的金额，例如 1200000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    home: Home = ask(
        prompt="这是家庭的第几套住房？", label="套数", invalid="请选择唯一住房、第二套住房，或其他房屋、土地。",
        choices=(Choice("家庭唯一住房", Home.ONLY), Choice("家庭第二套住房", Home.SECOND),
                 Choice("第三套及以上，或商铺、土地等", Home.OTHER)),
    )  # fmt: skip
    area: Decimal | None = ask(
        None, prompt="房屋建筑面积是多少平方米？", label="面积", invalid="请输入面积，例如 89.5。",
        gt=0, max_digits=9, decimal_places=2,
    )  # fmt: skip
    local_rate: Decimal | None = ask(
        None, prompt="当地的契税适用税率是多少（例如 3%填0.03）？", label="当地税率",
        invalid="当地税率应在3%到5%之间，例如 0.03。", gt=0, lt=1, max_digits=5, decimal_places=4,
    )  # fmt: skip


def compute(form: DeedForm, sheet: Worksheet) -> Sequence[Figure]:
    """The tax, and what the lower rate for homes saves against the local rate."""
    lowest, highest = sheet.number("deed.rate_min"), sheet.number("deed.rate_max")
    local = form.local_rate or lowest
    if not lowest <= local <= highest:
        raise CannotCalculate(f"契税的当地税率应在{percent(lowest)}到{percent(highest)}之间，请核对后重新输入。")
    if form.local_rate is None:
        sheet.note(
            f"没有填写当地税率，按法定最低的{percent(lowest)}计算；各省在{percent(lowest)}到{percent(highest)}之间确定。"
        )
    sheet.step("当地适用税率", "各省在法定幅度内确定", local * 100, RATE, unit="%")
    full = sheet.step("按当地税率计算", f"{money(form.price)} × {percent(local)}", form.price * local, RATE)
    if form.home is Home.OTHER:
        return [Figure("payable", "应纳契税", full), Figure("saved", "住房优惠减少", Decimal(0))]
    if form.area is None:
        raise CannotCalculate("计算住房契税需要建筑面积（平方米），请补充后再算。")
    line = sheet.number("deed.area_line")
    size = "small" if form.area <= line else "large"
    rate = min(sheet.number(f"deed.{form.home}_home_{size}"), local)
    told = f"面积{form.area.normalize():f}平方米，{'不超过' if size == 'small' else '超过'}{line:f}平方米"
    sheet.step("住房优惠税率", told, rate * 100, HOMES, unit="%")
    tax = sheet.step("应纳契税", f"{money(form.price)} × {percent(rate)}", form.price * rate, HOMES)
    return [Figure("payable", "应纳契税", tax), Figure("saved", "住房优惠减少", full - tax)]


DEED = Calculator("deed", "契税", "买房、受让土地要缴多少契税，家庭唯一和第二套住房按优惠税率算。", DeedForm, compute)
