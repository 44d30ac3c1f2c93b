"""The conversation service, Rasa's wire, both carriers, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from purgatory.domain import model

from bot.conversation.service import ConversationService
from channels import pace
from tests.bot.conftest import conversations as conversations
from tests.bot.conftest import rasa as rasa
from tests.bot.rasa_wire import RasaWire
from tests.channels.bench import Bench
from tests.channels.hands.carriers import Carriers
from tests.channels.hands.sms import SmsHand
from tests.hub.accounts.clock_hands import Hands


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of the test, which the circuit breakers read too, and which goes on while a sender waits its turn."""
    hands = Hands(monkeypatch)

    class Time:
        @staticmethod
        def time() -> float:
            return hands.now.timestamp()

    async def slept(seconds: float) -> None:
        hands.move(seconds=seconds)

    monkeypatch.setattr(model, "time", Time)
    monkeypatch.setattr(pace, "sleep", slept)
    return hands


@pytest.fixture
def carriers() -> Carriers:
    """Both carriers, in order."""
    return Carriers()


@pytest.fixture
async def door(
    hands: Hands, carriers: Carriers, conversations: ConversationService, rasa: RasaWire
) -> AsyncIterator[Bench]:
    """The door of text messages with both carriers behind it."""
    hand = SmsHand()
    await hand.gateway.close()
    hand.gateway = carriers.gateway
    bench = Bench(hand, conversations, rasa)
    bench.keeps_pace = True
    yield bench
    await bench.close()
