"""Starts the Rasa server of this project; `hub dialogue start` runs it in Rasa's environment."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import List

from bot.dialogue.components.tensorflow_absent import needs_tensorflow, stand_in

QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",  # also turns error reporting to outside servers off
    "LOG_LEVEL": "WARNING",  # below it Rasa logs what people wrote
    "LOG_LEVEL_LIBRARIES": "ERROR",
}


def main(arguments: List[str]) -> None:
    """Run Rasa with the arguments, the token added here so that it does not show in the process list."""
    os.environ.update(QUIET)
    if not needs_tensorflow(Path(arguments[arguments.index("--model") + 1])):
        stand_in()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside Rasa's own dependencies
        from rasa.__main__ import main as rasa

        import bot.dialogue.components.door
        import bot.dialogue.components.tracker_store  # here it fails loudly; Rasa would go on with a store in memory

    token = os.environ.get(bot.dialogue.components.door.TOKEN_VARIABLE)
    sys.argv = ["rasa", "run", *arguments, *([f"--auth-token={token}"] if token else [])]
    rasa()


if __name__ == "__main__":
    main(sys.argv[1:])
