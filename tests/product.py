"""The whole product for tests: started as an operator starts it (`hub up`), on free ports, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from hub.bootstrap import secret_file
from hub.settings import ROOT
from tests.conftest import free_port

READY_WITHIN = 600.0
CALLBACK_SECRET = "what-carriers-of-the-tests-know"


@dataclass
class Talk:
    """One conversation over the public API, as a widget holds it."""

    http: httpx.Client
    conversation_id: str
    token: str
    state: str = "with_bot"

    def say(self, text: str, *, payload: str | None = None, message_id: str | None = None) -> dict[str, Any]:
        """Say something (or press a button of ours); the API's answer."""
        body: dict[str, Any] = {"text": text, "client_message_id": message_id or uuid.uuid4().hex}
        if payload:
            body["payload"] = payload
        answer = self.http.post(
            f"/api/v1/conversations/{self.conversation_id}/messages", json=body, headers=self.bearer
        )
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        self.state = said["state"]
        return said

    def text(self, text: str, **more: Any) -> str:
        """Say something; all that we reply, in one string."""
        return "\n".join(message["text"] for message in self.say(text, **more)["messages"])

    def history(self) -> list[dict[str, Any]]:
        """Everything said so far."""
        answer = self.http.get(f"/api/v1/conversations/{self.conversation_id}/messages", headers=self.bearer)
        answer.raise_for_status()
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages

    @property
    def bearer(self) -> dict[str, str]:
        """The header that opens the conversation."""
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Product:
    """A running product; `var` holds its data, so that a second start finds everything in place."""

    var: Path
    port: int = field(default_factory=free_port)
    dialogue_port: int = field(default_factory=free_port)
    pg_port: int = field(default_factory=free_port)
    extra: dict[str, str] = field(default_factory=dict)
    watched: bool = False
    process: subprocess.Popen[str] | None = None
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the hub answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets that the first run made."""
        return secret_file.read(self.var / "secrets.env")

    @property
    def dsn(self) -> str:
        """The product's database."""
        return f"postgresql://hub:{self.secrets['HUB_PG_PASSWORD']}@127.0.0.1:{self.pg_port}/hub"

    @property
    def environment(self) -> dict[str, str]:
        """What `hub …` needs to know to act on this product."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        return {
            **inherited,
            "HUB_VAR_DIR": str(self.var),
            **(self._watch if self.watched else {}),
            "HUB_PORT": str(self.port),
            "HUB_DIALOGUE_PORT": str(self.dialogue_port),
            "HUB_DIALOGUE_URL": f"http://127.0.0.1:{self.dialogue_port}",
            "HUB_PG_PORT": str(self.pg_port),
            "HUB_RATE_ASK": "100000/minute",
            "HUB_RATE_CONVERSATION": "100000/minute",
            "HUB_RATE_MESSAGE": "100000/minute",
            "HUB_RATE_UPLOAD": "100000/minute",
            "HUB_RATE_AUTH": "100000/minute",
            "HUB_CODES_PER_HOUR": "100000",
            "HUB_CODES_PER_DAY": "100000",
            "HUB_CODES_PER_ADDRESS_HOUR": "100000",
            "HUB_TELEGRAM_GATEWAY": "sandbox",
            "HUB_SMS_CALLBACK_SECRET": CALLBACK_SECRET,
            **self.extra,
        }

    @property
    def _watch(self) -> dict[str, str]:
        """Every process reports where it connects: see tests/chaos/test_phone_home.py."""
        return {"PYTHONPATH": str(ROOT / "tests/netwatch"), "NETWATCH_LOG": str(self.var / "netwatch.log")}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `hub …` against this product."""
        return subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self) -> None:
        """`hub up`, until it says that it is ready."""
        self.output.clear()
        self.var.mkdir(parents=True, exist_ok=True)
        (self.var / "netwatch.log").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "up"],
            cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        ready = threading.Event()
        threading.Thread(target=self._read, args=(ready,), daemon=True).start()
        deadline = time.monotonic() + READY_WITHIN
        while not ready.wait(0.2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("hub up did not get ready:\n" + "".join(self.output[-40:]) + self.log_tails())

    def _read(self, ready: threading.Event) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            if "已就绪" in line:
                ready.set()

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(90)
        self.process = None

    def log_tails(self) -> str:
        """The ends of the logs, for a failing test."""
        logs = sorted((self.var / "logs").glob("*.log"))
        return "".join(f"\n--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)

    def pid_of(self, program: str) -> int:
        """Process number of one of the programs under supervisor."""
        log = (self.var / "logs/supervisord.log").read_text(errors="replace")
        found = re.findall(rf"spawned: '{program}' with pid (\d+)", log)
        assert found, f"{program} was never started"
        return int(found[-1])

    def kill(self, program: str) -> int:
        """Kill -9 one of the programs (with its children), waiting for it where it is just being restarted."""
        pid = self._living(program)
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        os.kill(pid, signal.SIGKILL)
        if program != "postgres":
            for child in children:
                os.kill(int(child), signal.SIGKILL)
        return pid

    def _living(self, program: str, seconds: float = 60.0) -> int:
        """The process number of a program that lives: what lost its database a moment ago may be between two lives."""
        deadline = time.monotonic() + seconds
        while not Path(f"/proc/{self.pid_of(program)}").exists():
            assert time.monotonic() < deadline, f"{program} does not come back"
            time.sleep(0.2)
        return self.pid_of(program)

    def ready(self) -> dict[str, Any] | None:
        """What `/readyz` says; None when nobody answers."""
        try:
            answer = httpx.get(f"{self.url}/readyz", timeout=5, trust_env=False)
        except httpx.HTTPError:
            return None
        body: dict[str, Any] = answer.json()
        return body

    def wait_until(self, degraded: list[str], seconds: float = 120.0) -> None:
        """Wait until `/readyz` names exactly these as degraded."""
        deadline = time.monotonic() + seconds
        while (state := self.ready()) is None or state["degraded"] != degraded or state.get("missing"):
            assert time.monotonic() < deadline, f"/readyz says {state}{self.log_tails()}"
            time.sleep(0.2)

    def client(self, timeout: float = 60.0) -> httpx.Client:
        """An HTTP client of the hub."""
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    def talk(self) -> Talk:
        """A new conversation."""
        http = self.client()
        made = http.post("/api/v1/conversations", json={"consent": True})
        made.raise_for_status()
        body = made.json()
        return Talk(http, body["conversation_id"], body["token"])

    def staff(self) -> httpx.Client:
        """The staff API as the operator."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1/staff",
            headers={"Authorization": f"Bearer {self.secrets['HUB_STAFF_TOKEN']}"},
            timeout=30,
            trust_env=False,
        )

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the product's database."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]
