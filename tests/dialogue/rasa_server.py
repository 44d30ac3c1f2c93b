"""A real Rasa server of the tests, and a way to talk to it."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import httpx

from bot.dialogue import launcher, trainer
from hub.settings import ROOT, Settings


class RasaServer:
    """Started with the very command and environment of `hub dialogue start`."""

    def __init__(self, settings: Settings, log: Path, database: str) -> None:
        self.log = log
        self._settings = settings
        self._environment = {**launcher.server_environment(settings), "RASA_TRACKER_DSN": database}
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{settings.dialogue_port}",
            params={"token": settings.dialogue_token.get_secret_value()},
            timeout=30,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        model = trainer.train(self._settings)
        command = launcher.server_command(self._settings, model)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        for _ in range(480):
            assert self._process.poll() is None, self.log.read_text("utf-8")[-3000:]
            try:
                if self.http.get("/").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.25)
        raise AssertionError("Rasa did not start within two minutes")

    def __exit__(self, *_: object) -> None:
        self.http.close()
        if self._process:
            self._process.terminate()
            self._process.wait(20)


@dataclass
class Chat:
    """One conversation."""

    server: RasaServer
    sender: str = field(default_factory=lambda: str(uuid4()))

    def raw(self, text: str) -> list[dict[str, Any]]:
        """Say something; what Rasa returns."""
        body = {"sender": self.sender, "message": text, "metadata": {"message_id": str(uuid4())}}
        response = self.server.http.post("/webhooks/rest/webhook", json=body)
        response.raise_for_status()
        replies: list[dict[str, Any]] = response.json()
        return replies

    def say(self, text: str) -> list[str]:
        """Say something; the texts that come back."""
        replies = self.raw(text)
        texts = [reply.get("text") or reply.get("custom", {}).get("text") for reply in replies]
        return [found for found in texts if found]

    def tracker(self) -> dict[str, Any]:
        """What Rasa remembers."""
        found: dict[str, Any] = self.server.http.get(f"/conversations/{self.sender}/tracker").json()
        return found
