"""What small-scale taxpayers are asked about their VAT, and which answers do not go together."""

from __future__ import annotations

from decimal import Decimal

from hub.skills import ask
from services.taxes.calculator import CannotCalculate, TaxForm
from services.taxes.surcharges import PLACE_INVALID, PLACE_PROMPT, PLACES, Place
from services.taxes.vat_terms import PERIODS, PRICES, Period, Prices

ZERO = Decimal(0)
AMOUNT = "请输入不小于0的金额，没有填0。"


class VatSmallScaleForm(TaxForm):
    """What the VAT of a small-scale taxpayer depends on; each "of which" is part of the amount before it."""

    period: Period = ask(prompt="按月还是按季申报？", label="申报期", invalid="请选择按月或按季。", choices=PERIODS)
    prices: Prices = ask(
        prompt="下面填的金额含不含增值税？", label="含税口径", invalid="请选择含税或不含税。", choices=PRICES
    )
    sales: Decimal = ask(
        prompt="本期卖货、提供服务等的销售额一共多少元（开票和未开票都算，不含销售和出租不动产）？", label="销售额",
        synonyms=("收入", "营业额"), entity="amount", invalid="请输入不小于0的金额，例如 280000，没有填0。",
        ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    place: Place = ask(prompt=PLACE_PROMPT, label="所在地", invalid=PLACE_INVALID, choices=PLACES)
    special_sales: Decimal = ask(
        ZERO, prompt="其中按减征后的征收率开了专用发票的是多少元？没有填0。", label="减征征收率专票金额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    special_full_sales: Decimal = ask(
        ZERO, prompt="其中放弃减征、按没有减的征收率开了专用发票的是多少元？没有填0。", label="放弃减征的专票金额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    deduction: Decimal = ask(
        ZERO, prompt="按规定差额计税可以扣除的金额是多少元（例如旅游服务）？没有填0。", label="差额扣除",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    leases: Decimal = ask(
        ZERO, prompt="出租不动产（住房除外）和2026年起转让土地使用权的金额是多少元？没有填0。", label="不动产租金",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    special_leases: Decimal = ask(
        ZERO, prompt="其中开了专用发票的租金是多少元？没有填0。", label="租金专票金额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    immovables: Decimal = ask(
        ZERO, prompt="本期销售不动产的价款是多少元？没有填0。", label="销售不动产",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    immovable_cost: Decimal = ask(
        ZERO, prompt="不动产不是自建的，购置原价是多少元（可以扣除）？自建或没有填0。", label="不动产购置原价",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    special_immovables: Decimal = ask(
        ZERO, prompt="扣除原价后的不动产销售额中，开了专用发票的是多少元？没有填0。", label="不动产专票金额",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip
    prepaid: Decimal = ask(
        ZERO, prompt="本期可以抵减的已预缴增值税是多少元？没有填0。", label="已预缴税款",
        invalid=AMOUNT, ge=0, max_digits=15, decimal_places=2,
    )  # fmt: skip


def check_parts(form: VatSmallScaleForm) -> None:
    """Parts are not more than the whole.

    Raises `CannotCalculate`.
    """
    if form.special_sales + form.special_full_sales + form.deduction > form.sales:
        raise CannotCalculate("开专用发票的金额与差额扣除合计不能超过销售额，请核对后重新输入。")
    if form.special_leases > form.leases:
        raise CannotCalculate("开了专用发票的租金不能超过租金总额，请核对后重新输入。")
    if form.immovable_cost and not form.immovables:
        raise CannotCalculate("填了不动产购置原价，没有填销售不动产的价款，请补充后再算。")
    if form.special_immovables > max(form.immovables - form.immovable_cost, ZERO):
        raise CannotCalculate("不动产开专用发票的金额不能超过价款减去购置原价的余额，请核对后重新输入。")
