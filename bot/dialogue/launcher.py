"""Turns the present process into the Rasa server, with everything it needs in its environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

from bot.dialogue.trainer import environment, model_path, python, train
from hub.settings import ROOT, Settings

ACTIONS_PATH = "/internal/rasa/actions"


def server_environment(settings: Settings, root: Path = ROOT) -> dict[str, str]:
    """Rasa's environment with the addresses and secrets of this installation."""
    return {
        **environment(settings, root),
        "HUB_ACTION_URL": f"http://127.0.0.1:{settings.port}{ACTIONS_PATH}",
        "HUB_ACTION_SECRET": settings.action_secret.get_secret_value(),
        "HUB_DIALOGUE_TOKEN": settings.dialogue_token.get_secret_value(),
        "HUB_DATA_KEYS": settings.data_keys.get_secret_value(),
        "RASA_TRACKER_DSN": settings.dsn,
    }


def server_command(settings: Settings, model: Path, root: Path = ROOT) -> list[str]:
    """The command line of the server; secrets are in the environment, where other users cannot read them."""
    options = {
        "--model": str(model),
        "--interface": "127.0.0.1",
        "--port": str(settings.dialogue_port),
        "--endpoints": "bot/dialogue/endpoints.yml",
        "--credentials": "bot/dialogue/credentials.yml",
        "--response-timeout": "60",
    }
    flat = [part for option in options.items() for part in option]
    return [str(python(root)), "-m", "bot.dialogue.components.server", "--enable-api", *flat]


def start(settings: Settings, root: Path = ROOT) -> NoReturn:
    """Become the Rasa server; trains first when there is no model for the present state."""
    train(settings, root=root)
    command = server_command(settings, model_path(settings, root), root)
    os.chdir(root)
    os.execve(command[0], command, server_environment(settings, root))  # noqa: S606 - our own command, no shell
