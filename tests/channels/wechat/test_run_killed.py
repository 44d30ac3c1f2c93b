"""The same run as `test_run`, over two real hub processes and a worker that are killed while it lasts."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.conversation.models import Message
from channels.wechat import sandbox
from channels.wechat.account import Mode, sandbox_account
from channels.wechat.player import Player
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.models import OutboxMessage
from hub.settings import ROOT
from tests.channels.wechat.test_run import SLOWEST_BOT, TIMES, WECHAT_WAITS, AnySpeed, unsettled
from tests.conftest import free_port

pytestmark = [pytest.mark.soak, pytest.mark.chaos, pytest.mark.timeout(3600)]

MESSAGES, PEOPLE, SECONDS = 1000, 200, 420.0
BETWEEN_KILLS = 15.0
READY_WITHIN = 120.0
SETTLED_WITHIN = 600.0


class Process:
    """One process of the hub, started as the supervisor starts it."""

    def __init__(self, command: str, environment: dict[str, str], log: Path) -> None:
        self.command, self._environment, self._log = command, environment, log
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", self.command],
                cwd=ROOT, env=self._environment | {"HUB_PORT": str(self.port)}, stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        """Kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    async def ready(self) -> None:
        """Until it answers."""
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(READY_WITHIN):
            while True:
                assert self._process is not None
                assert self._process.poll() is None, self._log.read_text(errors="replace")[-3000:]
                try:
                    await http.get(f"{self.url}/health/live", timeout=2)
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)
                else:
                    return


@pytest.fixture
def rasa() -> Iterator[tuple[AnySpeed, str]]:
    """Rasa's side of the wire on a port, taking between nothing and ten seconds."""
    wire = AnySpeed(random.Random(12366), SLOWEST_BOT)

    async def anything(request: Request) -> Response:
        given = httpx.Request(request.method, str(request.url), content=await request.body())
        answer = await wire.handle_async_request(given)
        return Response(answer.content, answer.status_code, media_type="application/json")

    port = free_port()
    app = Starlette(routes=[Route("/{path:path}", anything, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield wire, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(20)


@pytest.fixture
async def processes(empty_database: str, rasa: tuple[AnySpeed, str], tmp_path: Path) -> AsyncIterator[list[Process]]:
    """Two hubs behind one address, and the worker."""
    environment = os.environ | {
        "HUB_DATABASE_URL": empty_database, "HUB_DIALOGUE_URL": rasa[1], "HUB_DIALOGUE_TIMEOUT_SECONDS": "20",
        "HUB_WECHAT_GATEWAY": "sandbox",
        "HUB_WECHAT_MODE": "safe", "HUB_HOST": "127.0.0.1",
    }  # fmt: skip
    made = [Process("serve", environment, tmp_path / f"hub{number}.log") for number in (1, 2)]
    made.append(Process("worker", environment, tmp_path / "worker.log"))
    for one in made:
        one.start()
    for one in made[:2]:
        await one.ready()
    yield made
    for one in made:
        one.kill()


class Run:
    """WeChat's side: it calls, calls again, and shows people what it gets."""

    def __init__(self, processes: list[Process], http: httpx.AsyncClient) -> None:
        self._processes, self._hubs, self._http = processes, processes[:2], http
        self._dice, self._player = random.Random(2026), Player(sandbox_account(Mode.SAFE))
        self._over = False
        self.shown: Counter[str] = Counter()
        self.took: list[float] = []
        self.kills = 0

    async def go(self) -> None:
        """Everything that people write, while processes die."""
        killer = asyncio.create_task(self._kill())
        beginnings = {number: self._dice.uniform(0, SECONDS) for number in range(MESSAGES)}
        await asyncio.gather(
            *(
                self._deliver(number, began + nth * self._dice.uniform(0, WECHAT_WAITS))
                for number, began in beginnings.items()
                for nth in range(TIMES)
            )
        )
        self._over = True
        await killer

    def show(self, told: str) -> None:
        """Count what somebody reads; several answers may stand in one message."""
        self.shown.update(line for line in told.split("\n") if line.startswith("听到"))

    async def _deliver(self, number: int, after: float) -> None:
        await asyncio.sleep(after)
        sender = f"oPerson{number % PEOPLE}"
        async with transaction() as session:
            await sandbox.acted(session, sender, sandbox.Act.WROTE)
        call = self._player.message(sender, number, "text", Content=f"第{number}问。")
        # as a balancer does: the other one, where the first does not take the connection
        for hub in self._dice.sample(self._hubs, 2):
            began = time.monotonic()
            try:
                response = await self._http.post(
                    f"{hub.url}/channels/wechat/webhook", params=dict(call.query), headers=dict(call.headers),
                    content=call.body,
                )  # fmt: skip
            except httpx.ConnectError:
                continue
            except httpx.HTTPError:
                return  # killed with the call in its hands: WeChat calls again
            if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                return  # not taken, and said so: WeChat calls again
            self.took.append(time.monotonic() - began)
            assert response.status_code == 200, response.text
            self.show(self._player.told(response.content) or "")
            return

    async def _kill(self) -> None:
        while not self._over:
            await asyncio.sleep(self._dice.uniform(0.5, 1.5) * BETWEEN_KILLS)
            victim = self._dice.choice(self._processes)
            victim.kill()
            self.kills += 1
            victim.start()
            if victim in self._hubs:
                await victim.ready()


async def test_nothing_is_lost_and_what_is_doubled_is_counted(
    processes: list[Process], rasa: tuple[AnySpeed, str]
) -> None:
    began = clock.now()
    async with httpx.AsyncClient(timeout=30, trust_env=False, limits=httpx.Limits(max_connections=500)) as http:
        run = Run(processes, http)
        await run.go()
    async with asyncio.timeout(SETTLED_WITHIN):
        while await unsettled() or await unanswered():
            await asyncio.sleep(0.5)

    async with transaction() as session:
        for number in range(PEOPLE):
            for _, text in await sandbox.delivered(session, f"oPerson{number}", began):
                run.show(text)
        questions = Counter(await session.scalars(select(Message.external_id).where(Message.direction == "in")))
        answers = Counter(await session.scalars(select(Message.reply_to).where(Message.direction == "out")))
        uncertain = await session.scalar(select(func.sum(OutboxMessage.uncertain_ends))) or 0
    assert run.kills >= SECONDS / BETWEEN_KILLS / 3
    assert (len(questions), set(questions.values())) == (MESSAGES, {1}), "every message is ours once"
    assert (len(answers), set(answers.values())) == (MESSAGES, {1}), "every message was dealt with once"
    wanted = {f"听到：第{number}问。" for number in range(MESSAGES)}
    assert wanted - run.shown.keys() == set(), "nobody is left without an answer"
    doubled = sum(count - 1 for count in run.shown.values())
    assert doubled <= uncertain, "what came twice was in flight at a kill, and is counted"
    assert max(run.took) < WECHAT_WAITS


async def unanswered() -> int:
    """How many messages nobody has dealt with."""
    async with transaction() as session:
        return int(
            await session.scalar(select(func.count()).where(Message.direction == "in", Message.processed_at.is_(None)))
            or 0
        )
