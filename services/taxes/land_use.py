"""城镇土地使用税: who uses land in a city, county town, town or mining area pays a fixed amount per m² and year.

Legal basis: 城镇土地使用税暂行条例 (articles 3 to 5); the amount is fixed locally within the range of the law. As
on the return, the period is worked out in one line: area × amount ÷ 12 × months.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from hub.skills import Choice, ask
from services.taxes.calculator import Calculator, CannotCalculate, Figure, TaxForm
from services.taxes.fields import whole, yes_no
from services.taxes.half_relief import take_half
from services.taxes.worksheet import Basis, Worksheet, money

AREA = Basis("urban-land-use-tax-regulations", "第三条")
AMOUNTS = Basis("urban-land-use-tax-regulations", "第四条")
LOCAL = Basis("urban-land-use-tax-regulations", "第五条")
MONTHS = 12  # of a year


class Place(StrEnum):
    """How large the place is where the land lies."""

    LARGE_CITY = "large_city"
    MEDIUM_CITY = "medium_city"
    SMALL_CITY = "small_city"
    TOWN = "town"


PLACES = {
    Place.LARGE_CITY: "大城市", Place.MEDIUM_CITY: "中等城市", Place.SMALL_CITY: "小城市",
    Place.TOWN: "县城、建制镇、工矿区",
}  # fmt: skip


class LandUseForm(TaxForm):
    """What urban land use tax depends on."""

    place: Place = ask(
        prompt="土地在什么地方？", label="地区", invalid="请选择大城市、中等城市、小城市，或县城、建制镇、工矿区。",
        choices=tuple(Choice(title, place) for place, title in PLACES.items()),
    )  # fmt: skip
    area: Decimal = ask(
        prompt="实际占用的土地面积是多少平方米？", label="面积", invalid="请输入大于0的面积，例如 5000。",
        gt=0, max_digits=13, decimal_places=2,
    )  # fmt: skip
    amount: Decimal = ask(
        prompt="当地这块土地的年税额标准是每平方米多少元？", label="税额标准", synonyms=("单位税额",),
        invalid="请输入大于0的数，例如 6。", gt=0, max_digits=8, decimal_places=4,
    )  # fmt: skip
    months: int = whole("要计算几个月？", "月数", MONTHS, 1, MONTHS)
    half: bool = yes_no("是增值税小规模纳税人、小型微利企业或个体工商户吗？", "是否减半")


def compute(form: LandUseForm, sheet: Worksheet) -> Sequence[Figure]:
    """What is to be paid for the months, and what the halving takes off."""
    lowest, highest = sheet.between(f"property.land_use_{form.place}")
    if not lowest <= form.amount <= highest:
        raise CannotCalculate(
            f"{PLACES[form.place]}的税额标准应在每平方米{lowest.normalize():f}元到{highest.normalize():f}元之间，"
            "请查当地公布的标准后重新输入；经批准低于或高于这一幅度的，请按主管税务机关核定的数缴纳。"
        )
    text = f"{form.area.normalize():f}平方米 × {form.amount.normalize():f}元 ÷ {MONTHS} × {form.months}个月"
    full = sheet.step(
        "按面积计算的税额", text, form.area * form.amount * form.months / MONTHS, AREA, AMOUNTS, LOCAL
    )  # fmt: skip
    reduction = take_half(sheet, full, form.half)
    payable = sheet.step("应纳城镇土地使用税", f"{money(full)} − {money(reduction)}", full - reduction, AREA)
    sheet.note("面积以测定的或土地证书上的为准；城市规模、土地等级和税额标准以当地公布的为准，缴纳期限由各省规定。")
    return [Figure("payable", "应纳城镇土地使用税", payable), Figure("reduction", "减征额", reduction)]


LAND_USE = Calculator(
    "land_use", "城镇土地使用税", "按占地面积和当地每平方米税额，算城镇土地使用税。", LandUseForm, compute
)
