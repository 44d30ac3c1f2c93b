"""The conversation service and Rasa's wire, for tests of doors."""

from tests.bot.conftest import conversations as conversations
from tests.bot.conftest import rasa as rasa
