"""Pieces for tests around the core system: who is who in the seed, returns and payments, the sandbox's behaviour."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.behaviour import Mode
from services.gateways.tax_core import payments, sandbox, standing
from services.gateways.tax_core.protocol import (
    Charge,
    CoreRefusal,
    DebitRequest,
    Filed,
    FilingRequest,
    Obligation,
    SettlementRequest,
    TaxCoreGateway,
    TaxItem,
)
from services.gateways.tax_core.wire import Operation

QINGCHUAN = "DJ33010001"  # 杭州晴川咨询有限公司: small-scale, by the quarter, tripartite agreement
YUANSHAN = "DJ33010002"  # 杭州远山贸易有限公司: general taxpayer, by the month
YUNQI = "DJ33010003"  # 杭州云栖文化创意有限公司: no business, zero returns
SONGJIAN = "DJ33010004"  # 杭州松间设计有限公司: two quarters not filed
JINXI = "DJ33010005"  # 杭州锦溪餐饮管理有限公司: filed, not paid, no money in its account
NOODLES = "DJ33010007"  # 西湖区大勇面馆: sole trader, no agreement
DEREGISTERED = "DJ33010008"  # 杭州旧雨商贸有限公司
ZHAOMIN = "DJ33019004"  # 赵敏: employee, landlord, car owner
SUNHAO = "DJ33019005"  # 孙浩: nothing to file

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def obligation_id(taxpayer_id: str, form: str, period_to: date) -> str:
    """The id of an obligation."""
    return f"{taxpayer_id}-{form}-{period_to:%Y%m%d}"


THIRD_QUARTER = obligation_id(QINGCHUAN, "vat_small_scale", date(2026, 9, 30))
ITEMS = (
    TaxItem("vat", "增值税", Decimal("1200.00")),
    TaxItem("construction_tax", "城市维护建设税", Decimal("42.00")),
)
TOTAL = Decimal("1242.00")


def vat(amount: str) -> tuple[TaxItem, ...]:
    """The items of a VAT return without surcharges."""
    return (TaxItem("vat", "增值税", Decimal(amount)),)


def a_return(**changes: object) -> FilingRequest:
    """A return of the open quarter, with changes."""
    request = FilingRequest(
        request_id=str(new_id()), taxpayer_id=QINGCHUAN, obligation_id=THIRD_QUARTER, form="vat_small_scale",
        payload={"sales": "286000.00", "special_sales": "120000.00"}, items=ITEMS, filed_by="王小明（法定代表人）",
    )  # fmt: skip
    return replace(request, **changes)  # type: ignore[arg-type]


def a_payment(*charges: Charge, **changes: object) -> SettlementRequest:
    """Everything that is owed on the charges, paid now, with changes."""
    request = SettlementRequest(
        request_id=str(new_id()), taxpayer_id=charges[0].taxpayer_id if charges else QINGCHUAN,
        charge_ids=tuple(charge.charge_id for charge in charges),
        amount=sum((charge.amount - charge.paid for charge in charges), Decimal("0.00")), late_fee=Decimal("0.00"),
        paid_at=clock.now(), method="wechat", reference="4200001",
    )  # fmt: skip
    return replace(request, **changes)  # type: ignore[arg-type]


def a_debit(*charges: Charge, **changes: object) -> DebitRequest:
    """Everything that is owed on the charges, with changes."""
    paid = a_payment(*charges)
    request = DebitRequest(paid.request_id, paid.taxpayer_id, paid.charge_ids, paid.amount, paid.late_fee)
    return replace(request, **changes)  # type: ignore[arg-type]


async def obligation(core: TaxCoreGateway, wanted: str) -> Obligation:
    """An obligation as it stands now."""
    found = await core.obligations(wanted.partition("-")[0], *YEAR)
    return next(item for item in found if item.obligation_id == wanted)


async def tell_core(mode: Mode = Mode.NORMAL, delay_ms: int = 0, operation: Operation | None = None) -> None:
    """Have the sandbox behave so from now on, in one operation or in all."""
    async with transaction() as session:
        await sandbox.control(session, operation, mode=mode, delay_ms=delay_ms)


async def refused(work: Awaitable[object]) -> CoreRefusal:
    """The refusal that a call ends with."""
    with pytest.raises(CoreRefusal) as caught:
        await work
    assert caught.value.message
    return caught.value


async def charge_of(core: TaxCoreGateway, filed: Filed) -> Charge:
    """The charge of a return, paid or not."""
    found = await core.charges(filed.obligation_id.partition("-")[0], unpaid_only=False)
    return next(item for item in found if item.return_id == filed.return_id)


async def credit(taxpayer_id: str) -> Decimal:
    """What the sandbox keeps for a taxpayer."""
    async with transaction() as session:
        return await payments.credit(session, taxpayer_id)


async def put_into_account(taxpayer_id: str, amount: Decimal) -> None:
    """Say what lies in an account."""
    async with transaction() as session:
        await standing.set_balance(session, taxpayer_id, amount)


async def balance(taxpayer_id: str) -> Decimal:
    """What lies in an account."""
    async with transaction() as session:
        everybody = await standing.of_everybody(session)
    return next(one.balance for one in everybody if one.taxpayer_id == taxpayer_id)
