"""A conversation service on a real database with a stand-in for Rasa at its wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.conversation.service import ConversationService
from bot.dialogue.client import DialogueClient
from hub.settings import get_settings
from tests.bot.rasa_wire import RasaWire


@pytest.fixture
def rasa() -> RasaWire:
    """Rasa's side of the line."""
    return RasaWire()


@pytest.fixture
async def conversations(empty_database: str, rasa: RasaWire) -> AsyncIterator[ConversationService]:
    """The service of one process."""
    settings = get_settings()
    service = ConversationService(settings, DialogueClient(settings, transport=rasa))
    await service.open()
    yield service
    await service.close()
