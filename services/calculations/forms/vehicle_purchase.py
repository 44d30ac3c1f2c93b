"""Vehicle purchase tax in a chat: price, what drives it; lorries, motorcycles and imports when they are named."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm, law_day, written
from services.calculations.forms.reading import MILLILITRES, NOTHING, Amount, Day, read_millilitres
from services.taxes.vehicle_purchase import Source, Terms, Vehicle


class Drive(StrEnum):
    """What drives it."""

    FUEL = "fuel"
    NEW_ENERGY = "new_energy"


read_drive = by_names({
    Drive.FUEL: ("油电混", "不插电", "燃油", "汽油", "柴油", "油车"),  # a hybrid without a plug is none of the list
    Drive.NEW_ENERGY: ("新能源", "纯电", "电动", "插电", "插混", "增程", "氢", "燃料电池"),
})  # fmt: skip
read_vehicle = by_names({
    Vehicle.MOTORCYCLE: ("摩托",), Vehicle.TRAILER: ("挂车",),
    Vehicle.COMMERCIAL: ("货车", "卡车", "客车", "皮卡", "大巴", "牵引车"),
    Vehicle.CAR: ("乘用车", "轿车", "小车", "越野", "SUV", "suv", "商务车", "面包车"),
})  # fmt: skip
read_terms = by_names({
    Terms.WITHOUT_VAT: ("不含", "未含", "税前", "除税"), Terms.WITH_VAT: ("价税合计", "含税", "含", "开票价", "总价"),
})  # fmt: skip
read_source = by_names({
    Source.IMPORTED: ("自己进口", "自行进口", "报关"), Source.OWN_MADE: ("自产",),
    Source.RECEIVED: ("受赠", "赠送", "获奖", "中奖", "抵债"), Source.BOUGHT: ("国内", "4S店", "购买"),
})  # fmt: skip


class VehiclePurchaseChat(ChatForm):
    """A vehicle for own use."""

    price: Amount = ask(
        prompt="车价是多少元？看购车发票，不含保险和上牌费。", label="车价", hint="元", entity="amount",
        synonyms=("价格", "裸车价", "开票价", "发票价"),
        invalid="没有看懂金额，请输入车价，例如16.95万或169500。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    terms: Annotated[Terms, BeforeValidator(read_terms)] = ask(
        Terms.WITH_VAT, prompt="这个车价含不含增值税？发票上的“价税合计”就是含税的。", label="含税与否",
        synonyms=("含税", "含不含税"), invalid="请选择含税（价税合计），或者不含税。",
        choices=(Choice("含税（价税合计）", Terms.WITH_VAT), Choice("不含税", Terms.WITHOUT_VAT)),
    )  # fmt: skip
    drive: Annotated[Drive | None, BeforeValidator(read_drive)] = ask(
        None, prompt="是燃油车，还是列入减免税目录的新能源车（纯电、插电混动、增程、燃料电池）？", label="动力",
        synonyms=("新能源", "燃油"), invalid="请选择燃油车或者新能源车。",
        choices=(Choice("燃油车", Drive.FUEL), Choice("新能源车", Drive.NEW_ENERGY)),
    )  # fmt: skip
    vehicle: Annotated[Vehicle, BeforeValidator(read_vehicle)] = ask(
        Vehicle.CAR, prompt="买的是哪一种车？", label="车辆种类", synonyms=("车型",),
        invalid="请选择乘用车、货车客车、挂车或者摩托车。",
        choices=(Choice("乘用车（轿车、SUV）", Vehicle.CAR), Choice("货车、客车", Vehicle.COMMERCIAL),
                 Choice("载货挂车", Vehicle.TRAILER), Choice("摩托车", Vehicle.MOTORCYCLE)),
    )  # fmt: skip
    displacement: Annotated[int | None, BeforeValidator(read_millilitres)] = ask(
        None, prompt="摩托车的排气量是多少毫升？", label="排气量", synonyms=("毫升",),
        invalid="请输入排气量（毫升），例如250。", units=MILLILITRES, gt=0, le=10000,
    )  # fmt: skip
    source: Annotated[Source, BeforeValidator(read_source)] = ask(
        Source.BOUGHT, prompt="这辆车是怎么取得的？", label="取得方式",
        invalid="请选择国内购买、报关进口、自产，或者受赠、获奖等。",
        choices=(Choice("国内购买（含进口车）", Source.BOUGHT), Choice("报关进口", Source.IMPORTED),
                 Choice("自产", Source.OWN_MADE), Choice("受赠、获奖等", Source.RECEIVED)),
    )  # fmt: skip
    customs_duty: Amount | None = ask(
        None, prompt="进口时缴的关税是多少元？", label="关税", entity="amount", choices=NOTHING,
        invalid="请输入关税（元），没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    consumption_tax: Amount | None = ask(
        None, prompt="进口时缴的消费税是多少元？", label="消费税", entity="amount", choices=NOTHING,
        invalid="请输入消费税（元），没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    on: Day = law_day("购车发票是哪一天开的？", "发票日期", "日期", "开票日期", "购车日期")

    def values(self) -> dict[str, Any]:
        """What does not matter for this vehicle is left out; the customs value of an import contains no VAT."""
        imported = self.source is Source.IMPORTED
        left_out = {"drive"} | (set() if imported else {"customs_duty", "consumption_tax"})
        if self.vehicle is not Vehicle.MOTORCYCLE or self.drive is Drive.NEW_ENERGY:
            left_out.add("displacement")
        fixed = {"terms": Terms.WITHOUT_VAT} if imported else {}
        driven = self.drive is Drive.NEW_ENERGY and self.vehicle is not Vehicle.TRAILER
        return self.model_dump(exclude_none=True, exclude=left_out) | {"new_energy": driven} | fixed

    def assumed(self) -> list[str]:
        """Kind, origin and day."""
        taken = [] if self.told("vehicle") else ["乘用车"]
        taken += [] if self.told("source") else ["国内购买"]
        return taken if self.told("on") else [*taken, f"{written(self.on)}开发票"]


def required(values: Values) -> list[str]:
    """An import needs duty and excise but not the terms; a petrol motorcycle needs its displacement."""
    imported = values.get("source") == Source.IMPORTED
    needed = ["price", *(["customs_duty", "consumption_tax"] if imported else ["terms"])]
    vehicle = values.get("vehicle")
    needed += [] if vehicle == Vehicle.TRAILER else ["drive"]
    petrol = vehicle == Vehicle.MOTORCYCLE and values.get("drive") == Drive.FUEL
    return [*needed, "displacement"] if petrol else needed
