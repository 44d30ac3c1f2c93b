"""The stand-in of the real-name service: it knows the people of the demonstration, and locks after five mismatches."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import lock, transaction
from services.gateways.behaviour import behave, held_back
from services.gateways.errors import GatewayFault, GatewayTimeout
from services.gateways.real_name.models import SandboxRealNameCheck, SandboxRealNameControl
from services.gateways.real_name.protocol import REQUEST, Outcome, RealNameReply, RealNameRequest
from services.gateways.tax_core.seed import people

MISMATCHES_PER_DAY = 5


class RealNameSandbox:
    """The service in our own database; with transactions of its own, as the outside system that it stands for."""

    def __init__(self, timeout_seconds: float | None = None) -> None:
        self._timeout_seconds = timeout_seconds

    async def check(self, request: RealNameRequest) -> RealNameReply:
        """Answer as the service would; see `RealNameGateway`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                delay = await behave(SandboxRealNameControl)
                async with transaction() as session:
                    outcome = await _decide_once(session, request)
                await held_back(delay)
                return RealNameReply(request.request_id, outcome)
        except TimeoutError:
            raise GatewayTimeout("no_answer_in_time") from None

    async def close(self) -> None:
        """Nothing is held."""


async def _decide_once(session: AsyncSession, request: RealNameRequest) -> Outcome:
    """The answer, from memory when the same request was answered before.

    Raises `GatewayFault` when the request id was used for something else.
    """
    resident = keyed_hash(request.resident_id, "sandbox real name")
    await lock(session, f"real name {resident}")
    digest = keyed_hash(REQUEST.dump_json(request).decode(), "sandbox real name request")
    known = await session.get(SandboxRealNameCheck, request.request_id)
    if known is not None:
        if known.digest != digest:
            raise GatewayFault("request_id_reused")
        return Outcome(known.outcome)
    day = clock.today()
    mismatches = await session.scalar(
        select(func.count()).where(
            SandboxRealNameCheck.resident_hash == resident, SandboxRealNameCheck.day == day,
            SandboxRealNameCheck.outcome == Outcome.MISMATCH,
        )
    )  # fmt: skip
    outcome = Outcome.LOCKED if (mismatches or 0) >= MISMATCHES_PER_DAY else _decide(request)
    session.add(
        SandboxRealNameCheck(
            request_id=request.request_id, digest=digest, resident_hash=resident, day=day, outcome=outcome
        )
    )  # fmt: skip
    return outcome


def _decide(request: RealNameRequest) -> Outcome:
    known = next((person for person in people() if person.resident_id == request.resident_id), None)
    if known is None:
        return Outcome.NOT_FOUND
    fits = (known.name, known.phone) == (request.name, request.phone)
    return Outcome.MATCH if fits else Outcome.MISMATCH
