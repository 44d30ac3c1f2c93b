"""Reads sentences from standard input, one JSON string a line, and writes the intent that a model sees in each."""

from __future__ import annotations

import asyncio
import json
import sys

from rasa.core.agent import Agent


async def main(model: str) -> None:
    """Predict with the model file."""
    agent = Agent.load(model)
    for line in sys.stdin:
        parsed = await agent.parse_message(json.loads(line))
        intent = parsed["intent"]
        print("PREDICTED " + json.dumps([intent["name"], float(intent["confidence"])]), flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
