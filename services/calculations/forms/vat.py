"""Small-scale VAT in a chat: sales, how often, with or without VAT; place and special invoices when they are named."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

from hub.kit.taxtext import by_names
from hub.skills import Choice, Values, ask
from services.calculations.forms.chat_form import ChatForm, law_day, written
from services.calculations.forms.reading import Amount, Day
from services.taxes.fields import ZERO
from services.taxes.surcharges import Place
from services.taxes.vat_terms import Period, Prices

SPECIAL_INVALID = "请输入开专用发票的金额（元），例如5万，没有就回复0。"
read_period = by_names({Period.QUARTER: ("季", "三个月", "3个月"), Period.MONTH: ("月",)})
read_prices = by_names({
    Prices.EXCLUSIVE: ("不含", "没含", "未含", "不包括税", "税前", "除税"),
    Prices.INCLUSIVE: ("含", "价税合计", "总价"),
})  # fmt: skip
read_place = by_names({
    Place.TOWN: ("县", "镇"), Place.OTHER: ("村", "乡"), Place.CITY: ("市区", "城区", "市里"),
})  # fmt: skip


class VatChat(ChatForm):
    """A period of a small-scale taxpayer; parts with special invoices are within the sales."""

    sales: Amount = ask(
        prompt="这一期一共卖了多少元？开票、没开票的都算，不含卖房和出租房屋的收入。", label="销售额",
        hint="一个申报期的全部销售额，元", synonyms=("收入", "营业额", "卖了"), entity="amount",
        invalid="没有看懂金额，请输入这一期的销售额，例如28万或280000；没有销售就回复0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    period: Annotated[Period, BeforeValidator(read_period)] = ask(
        prompt="这是按季度申报的，还是按月申报的？", label="申报期", synonyms=("季度",),
        invalid="请选择按季度或者按月。", choices=(Choice("按季度", Period.QUARTER), Choice("按月", Period.MONTH)),
    )  # fmt: skip
    prices: Annotated[Prices, BeforeValidator(read_prices)] = ask(
        prompt="这个金额含不含增值税？顾客一共付的钱就是含税的。", label="含税口径", synonyms=("含税", "含不含税"),
        invalid="请选择含税或者不含税；顾客一共付的钱就是含税的。",
        choices=(Choice("含税", Prices.INCLUSIVE), Choice("不含税", Prices.EXCLUSIVE)),
    )  # fmt: skip
    place: Annotated[Place, BeforeValidator(read_place)] = ask(
        Place.CITY, prompt="您在市区、县城或镇，还是乡村？", label="所在地", invalid="请选择市区、县城或镇，或者乡村。",
        choices=(Choice("市区", Place.CITY), Choice("县城或镇", Place.TOWN), Choice("乡村", Place.OTHER)),
    )  # fmt: skip
    special_sales: Amount = ask(
        ZERO, prompt="其中开了专用发票的是多少元？", label="专票金额", synonyms=("专票", "专用发票"), entity="amount",
        invalid=SPECIAL_INVALID, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    special_full_sales: Amount = ask(
        ZERO, prompt="其中放弃减征、按没有减的征收率开了专用发票的是多少元？", label="放弃减征的专票金额",
        synonyms=("放弃减征的专票", "3%专票", "3%的专票"), entity="amount", invalid=SPECIAL_INVALID,
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    leases: Amount = ask(
        ZERO, prompt="出租不动产（住房除外）的租金是多少元？", label="不动产租金", synonyms=("租金", "房租收入"),
        entity="amount", invalid="请输入租金（元），例如3万，没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    prepaid: Amount = ask(
        ZERO, prompt="这一期已经预缴了多少增值税？", label="已预缴税款", synonyms=("已预缴", "预缴"), entity="amount",
        invalid="请输入已预缴的增值税（元），例如500，没有就回复0。", ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    on: Day = law_day("按哪一天的规定计算？", "日期")

    def assumed(self) -> list[str]:
        """Place, invoices and day."""
        taken = [] if self.told("place") else ["市区"]
        if not (self.told("special_sales") or self.told("special_full_sales")):
            taken.append("没有开专用发票")
        return taken if self.told("on") else [*taken, f"{written(self.on)}的规定"]


def required(_values: Values) -> list[str]:
    """Always the same three."""
    return ["sales", "period", "prices"]
