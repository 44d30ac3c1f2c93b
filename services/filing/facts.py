"""What the core system says about a taxpayer and a return: read anew for every sheet, nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.logging import get_logger
from services.filing import repository, wording
from services.filing.errors import CoreSystemRefused, CoreSystemUnavailable, ObligationNotFound
from services.filing.kinds import kind_of
from services.filing.models import FilingSheet
from services.filing.return_kind import Filer
from services.filing.schemas import Earlier, ObligationRead, Sheet, Standing
from services.gateways.errors import GatewayError
from services.gateways.registry import tax_core
from services.gateways.tax_core.protocol import CoreRefusal, Obligation, ObligationState, Refusal

log = get_logger(__name__)
UNKNOWN = frozenset({Refusal.UNKNOWN_TAXPAYER, Refusal.UNKNOWN_OBLIGATION})


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a sheet begins with: who files for what, what is known by field, the return to be corrected.

    `source` says where the known values come from; `before` is the sheet of the return in force, if it was filed here.
    """

    filer: Filer
    known: tuple[dict[str, str], ...]
    source: str
    earlier: Earlier | None
    before: Sheet | None


@asynccontextmanager
async def core_answers() -> AsyncIterator[None]:
    """Raise `CoreSystemUnavailable`, `ObligationNotFound` or `CoreSystemRefused` for what the gateway raises."""
    try:
        yield
    except GatewayError as error:
        log.warning("core_gateway_failed", error=type(error).__name__, reason=error.reason)
        raise CoreSystemUnavailable from error
    except CoreRefusal as error:
        if error.code in UNKNOWN:
            raise ObligationNotFound from error
        raise CoreSystemRefused(error.message) from error


def window(today: date) -> tuple[date, date]:
    """The periods that people are shown: from the beginning of last year to the end of this one."""
    return date(today.year - 1, 1, 1), date(today.year, 12, 31)


async def obligations_of(taxpayer_id: str) -> Sequence[Obligation]:
    """What a taxpayer has to file, by due day; raises as `core_answers`."""
    async with core_answers():
        return await tax_core().obligations(taxpayer_id, *window(clock.today()))


async def obligation_of(taxpayer_id: str, obligation_id: str) -> Obligation:
    """One of a taxpayer's obligations; another's answers as one that is not there. Raises as `core_answers`."""
    for obligation in await obligations_of(taxpayer_id):
        if obligation.obligation_id == obligation_id:
            return obligation
    raise ObligationNotFound


def opens_on(obligation: Obligation) -> date:
    """The first day on which a return may be filed."""
    return obligation.opens_on or obligation.period_to + timedelta(days=1)


def standing_of(obligation: Obligation, today: date) -> Standing:
    """Where it stands today."""
    if obligation.state is ObligationState.FILED:
        return Standing.FILED
    if opens_on(obligation) > today:
        return Standing.NOT_YET_OPEN
    return Standing.OPEN if today <= obligation.due_on else Standing.OVERDUE


def obligation_read(obligation: Obligation, today: date) -> ObligationRead:
    """An obligation as callers see it."""
    return ObligationRead(
        obligation_id=obligation.obligation_id,
        form=obligation.form,
        title=obligation.title,
        period=wording.period_words(obligation.period_from, obligation.period_to),
        period_from=obligation.period_from,
        period_to=obligation.period_to,
        due_on=obligation.due_on,
        standing=standing_of(obligation, today),
        days_left=(obligation.due_on - today).days,
        here=kind_of(obligation.form) is not None,
        return_id=obligation.return_id,
    )


async def facts_of(taxpayer_id: str, obligation_id: str) -> Facts:
    """Everything that a sheet begins with.

    Raises as `core_answers`, and `ObligationNotFound` for another taxpayer's obligation.
    """
    obligation = await obligation_of(taxpayer_id, obligation_id)
    async with core_answers():
        taxpayer, figures = await asyncio.gather(
            tax_core().taxpayer(taxpayer_id), tax_core().figures(taxpayer_id, obligation_id)
        )
        earlier = await _earlier(obligation)
    kind = kind_of(obligation.form)
    fields = kind.line.model_fields if kind else {}
    known: tuple[dict[str, str], ...] = ({name: figures.values[name] for name in fields if name in figures.values},)
    source, before = wording.KNOWN, None
    if earlier is not None:
        async with transaction() as session:
            found = await repository.by_return_id(session, taxpayer_id, earlier.return_id)
        if found is not None:
            before, source = sheet_content(found[1]), wording.LAST_RETURN
            known = declared_lines(before)
    return Facts(Filer(taxpayer, obligation), known, source, earlier, before)


def sheet_content(row: FilingSheet) -> Sheet:
    """What stands on a sheet that was kept."""
    return Sheet.model_validate(row.content)


def declared_lines(sheet: Sheet) -> tuple[dict[str, str], ...]:
    """The lines of a return as they were declared."""
    lines: dict[int, dict[str, str]] = {}
    for entry in sheet.entries:
        lines.setdefault(entry.line, {})[entry.name] = entry.value
    return tuple(lines[number] for number in sorted(lines))


async def _earlier(obligation: Obligation) -> Earlier | None:
    """The return in force for an obligation, with what has been paid on it."""
    if obligation.return_id is None:
        return None
    returns, charges = await asyncio.gather(
        tax_core().returns(obligation.taxpayer_id, obligation.period_from, obligation.period_to),
        tax_core().charges(obligation.taxpayer_id, unpaid_only=False),
    )
    filed = next((one for one in returns if one.return_id == obligation.return_id), None)
    if filed is None:
        # it was replaced between the two questions: whoever asks again sees the new one
        raise CoreSystemUnavailable
    paid = sum((charge.paid for charge in charges if charge.return_id == filed.return_id), Decimal("0.00"))
    return Earlier(return_id=filed.return_id, receipt_number=filed.receipt_number, total=filed.total, paid=paid)
