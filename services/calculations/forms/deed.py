"""Deed tax in a chat: the price, which home of the family it is, and the floor area where it matters."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm, law_day, written
from services.calculations.forms.reading import SQUARE_METRES, Amount, Day, read_area, read_share
from services.taxes.deed import Home

read_home = by_names({
    Home.SECOND: ("二套",),
    Home.OTHER: ("三套", "商铺", "店面", "写字楼", "办公", "车位", "土地", "厂房"),
    Home.ONLY: ("首套", "唯一", "第一套"),
})  # fmt: skip


class DeedChat(ChatForm):
    """A purchase of a home, of another building or of land."""

    price: Amount = ask(
        prompt="不含增值税的成交价格是多少元？", label="成交价格", hint="不含增值税，元",
        synonyms=("房价", "总价", "价格", "合同价"), entity="amount",
        invalid="没有看懂金额，请输入成交价格，例如150万或1500000。", gt=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    home: Annotated[Home, BeforeValidator(read_home)] = ask(
        prompt="这是家庭的第几套住房？家庭包括夫妻和未成年子女。", label="套数",
        invalid="请选择唯一住房、第二套住房，或者其他房屋、土地。",
        choices=(Choice("家庭唯一住房", Home.ONLY), Choice("家庭第二套住房", Home.SECOND),
                 Choice("第三套或商铺、土地", Home.OTHER)),
    )  # fmt: skip
    area: Annotated[Decimal | None, BeforeValidator(read_area)] = ask(
        None, prompt="房屋的建筑面积是多少平方米？", label="面积", hint="建筑面积，平方米",
        synonyms=("建筑面积", "平方米", "平米"), invalid="请输入建筑面积（平方米），例如89.5。",
        units=SQUARE_METRES, gt=0, max_digits=9, decimal_places=2,
    )  # fmt: skip
    local_rate: Annotated[Decimal | None, BeforeValidator(read_share)] = ask(
        None, prompt="当地的契税税率是多少？", label="当地税率", hint="例如3%", synonyms=("税率",),
        invalid="请输入当地契税税率，例如3%。", gt=0, lt=1, max_digits=5, decimal_places=4,
    )  # fmt: skip
    on: Day = law_day("哪一天签的合同？", "合同日期", "日期", "签约日期")

    def assumed(self) -> list[str]:
        """The day; the local rate stands in the calculator's notes."""
        return [] if self.told("on") else [f"{written(self.on)}签合同"]


def required(values: Values) -> list[str]:
    """The area only of a first or second home."""
    return ["price", "home", *([] if values.get("home") == Home.OTHER else ["area"])]
