"""A database for Rasa's memory, the checks inside Rasa's environment, and a real server to talk to."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping

import pytest

from bot.dialogue.trainer import environment, python
from hub.bootstrap import postgres
from hub.settings import ROOT, Settings, get_settings
from tests.conftest import free_port
from tests.dialogue.hands import Hands
from tests.dialogue.rasa_server import Chat, RasaServer


@pytest.fixture(scope="session")
def rasa_database(postgres_server: str) -> str:
    """An empty database for Rasa's memory."""
    postgres.ensure_database(postgres_server, "rasa_test")
    return postgres_server.replace("/postgres", "/rasa_test")


def checks_inside_rasa() -> list[str]:
    """The names of the checks, read without importing Rasa."""
    source = (ROOT / "tests/dialogue/inside_rasa/checks.py").read_text("utf-8")
    return re.findall(r"^def (check_\w+)", source, re.MULTILINE)


@pytest.fixture(scope="session")
def checked_inside_rasa(rasa_database: str) -> Mapping[str, str]:
    """The trace of each check, empty where it passed; one process for all, since importing Rasa takes long."""
    settings = get_settings()
    env = {
        **environment(settings),
        "RASA_TRACKER_DSN": rasa_database,
        "HUB_DATA_KEYS": settings.data_keys.get_secret_value(),
    }
    command = [str(python()), "-m", "tests.dialogue.inside_rasa.checks"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=240)
    lines = [line.removeprefix("CHECKED ") for line in done.stdout.splitlines() if line.startswith("CHECKED ")]
    assert lines, done.stderr[-3000:]
    return dict(json.loads(line) for line in lines)


@pytest.fixture(scope="session")
def dialogue_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings with ports of their own; the cache of Rasa stays out of the repository."""
    return get_settings().model_copy(update={"port": free_port(), "dialogue_port": free_port()})


@pytest.fixture(scope="session")
def hands(dialogue_settings: Settings) -> Iterator[Hands]:
    """The action server."""
    server = Hands(dialogue_settings.port)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def rasa(
    dialogue_settings: Settings, hands: Hands, rasa_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RasaServer]:
    """The real server with the model of the present state, trained where it is missing."""
    with RasaServer(dialogue_settings, tmp_path_factory.mktemp("rasa") / "log", rasa_database) as server:
        yield server


@pytest.fixture
def chat(rasa: RasaServer, hands: Hands) -> Chat:
    """A fresh conversation."""
    hands.broken = False
    return Chat(rasa)
