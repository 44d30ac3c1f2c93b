"""Both implementations of the core system's gateway, in front of one sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from services.gateways.signature import Credentials
from services.gateways.tax_core.http import TaxCoreHttp
from services.gateways.tax_core.peer import create_peer
from services.gateways.tax_core.protocol import TaxCoreGateway
from services.gateways.tax_core.sandbox import TaxCoreSandbox
from tests.bot.conftest import conversations as conversations
from tests.bot.conftest import rasa as rasa
from tests.contracts.served import Served, served

CREDENTIALS = Credentials("bureau", "secret-of-tests")


@pytest.fixture(scope="session")
async def core_peer(database: str) -> AsyncIterator[Served]:
    """The peer on a free port of loopback."""
    async with served(create_peer(CREDENTIALS)) as peer:
        yield peer


@pytest.fixture(params=["sandbox", "http"])
async def open_core(
    request: pytest.FixtureRequest, empty_database: str, core_peer: Served
) -> AsyncIterator[Callable[[float], TaxCoreGateway]]:
    """Opens each implementation in turn, with a time-out, in front of an untouched sandbox."""
    gateways: list[TaxCoreGateway] = []

    def open_gateway(timeout_seconds: float) -> TaxCoreGateway:
        if request.param == "sandbox":
            gateways.append(TaxCoreSandbox(timeout_seconds))
        else:
            gateways.append(TaxCoreHttp(core_peer.url, CREDENTIALS, timeout_seconds))
        return gateways[-1]

    yield open_gateway
    for gateway in gateways:
        await gateway.close()
    await core_peer.come_to_rest()


@pytest.fixture
def core(open_core: Callable[[float], TaxCoreGateway]) -> TaxCoreGateway:
    """A gateway that has time, on a busy machine, too."""
    return open_core(30)
