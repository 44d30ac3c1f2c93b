"""Our calls to WeChat: what its codes mean for a message, and the token that all processes share."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text, update

from channels.base import Blocked
from channels.wechat import sandbox
from channels.wechat.account import Mode, sandbox_account
from channels.wechat.client import WechatClient
from channels.wechat.models import AccessToken, SandboxWechatControl
from hub.kit import clock
from hub.kit.db import transaction
from hub.outbox.letters import DeliveryTrouble, Never, NotNow, Uncertain
from hub.outbox.models import Failure
from hub.settings import ROOT
from services.gateways.behaviour import Mode as Behaviour
from services.gateways.behaviour import tell
from tests.channels.hands.wechat import ADDRESS, SEND

ANN = "oAnn"


@pytest.fixture
async def client(empty_database: str) -> AsyncIterator[WechatClient]:
    """A client in front of the stand-in, which Ann has just written to."""
    async with transaction() as session:
        await sandbox.acted(session, ANN, sandbox.Act.WROTE)
    made = another_process()
    yield made
    await made.close()


def another_process(transport: httpx.AsyncBaseTransport | None = None, timeout: float = 5.0) -> WechatClient:
    account = sandbox_account(Mode.SAFE)
    return WechatClient(account, ADDRESS, timeout, transport or httpx.ASGITransport(sandbox.create_sandbox(account)))


class Coded(httpx.AsyncBaseTransport):
    """Answers messages with one thing, and everything else as the stand-in does."""

    def __init__(self, answer: httpx.Response | type[Exception]) -> None:
        self.answer, self.messages = answer, 0
        self._peer = httpx.ASGITransport(sandbox.create_sandbox(sandbox_account(Mode.SAFE)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != SEND:
            return await self._peer.handle_async_request(request)
        self.messages += 1
        if isinstance(self.answer, httpx.Response):
            return self.answer
        raise self.answer("no")


@pytest.mark.parametrize(
    ("code", "trouble", "reason"),
    [
        (-1, NotNow, "busy"), (45009, NotNow, "day_limit"), (45011, NotNow, "minute_limit"),
        (45047, NotNow, "reply_window_full"), (40164, NotNow, "address_not_listed"), (43004, Blocked, "not_subscribed"),
        (48002, Blocked, "refuses"), (45015, NotNow, "reply_window_over"), (40003, Never, "unknown_person"),
        (45002, Never, "errcode_45002"), (48001, Never, "errcode_48001"),
    ],
)  # fmt: skip
async def test_a_code_becomes_what_the_outbox_understands(
    empty_database: str, code: int, trouble: type[DeliveryTrouble], reason: str
) -> None:
    client = another_process(Coded(httpx.Response(200, json={"errcode": code, "errmsg": "x"})))
    with pytest.raises(trouble) as raised:
        await client.send_text(ANN, "您好")
    assert (type(raised.value), raised.value.reason) == (trouble, reason)
    if isinstance(raised.value, Never) and reason.startswith("errcode"):
        assert raised.value.failure is Failure.TECHNICAL
    await client.close()


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (httpx.ConnectError, NotNow), (httpx.ConnectTimeout, NotNow), (httpx.ReadTimeout, Uncertain),
        (httpx.RemoteProtocolError, Uncertain), (httpx.Response(503), NotNow), (httpx.Response(500), Uncertain),
        (httpx.Response(502), Uncertain), (httpx.Response(404), Never), (httpx.Response(200, text="<html>"), Uncertain),
        (httpx.Response(200, json=[]), Uncertain), (httpx.Response(200, json={"errcode": "x"}), Uncertain),
    ],
)  # fmt: skip
async def test_only_what_was_certainly_not_taken_is_sent_again(
    empty_database: str, answer: httpx.Response | type[Exception], trouble: type[DeliveryTrouble]
) -> None:
    client = another_process(Coded(answer))
    with pytest.raises(trouble):
        await client.send_text(ANN, "您好")
    await client.close()


async def test_words_travel_as_they_are(client: WechatClient) -> None:
    await client.send_text(ANN, "《个人所得税法》“第六条”\n😀")
    async with transaction() as session:
        assert [words for _, words in await sandbox.delivered(session, ANN)] == ["《个人所得税法》“第六条”\n😀"]
    keeper = Coded(httpx.Response(200, json={"errcode": 0}))
    bodies: list[bytes] = []

    class Kept(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            bodies.append(request.content)
            return await keeper.handle_async_request(request)

    other = another_process(Kept())
    await other.send_text(ANN, "税")
    assert "税".encode() in bodies[-1]
    assert json.loads(bodies[-1])["touser"] == ANN
    await other.close()


class TestRulesOfTheStandIn:
    async def test_five_messages_after_what_somebody_wrote(self, client: WechatClient) -> None:
        for number in range(5):
            await client.send_text(ANN, str(number))
        with pytest.raises(NotNow, match="reply_window_full"):
            await client.send_text(ANN, "5")

    async def test_three_within_a_minute_of_a_press(self, client: WechatClient) -> None:
        async with transaction() as session:
            await sandbox.acted(session, "oBob", sandbox.Act.PRESSED)
        for number in range(3):
            await client.send_text("oBob", str(number))
        with pytest.raises(NotNow):
            await client.send_text("oBob", "3")

    async def test_strangers_leavers_and_long_texts(self, client: WechatClient) -> None:
        with pytest.raises(Never, match="unknown_person"):
            await client.send_text("oNobody", "x")
        with pytest.raises(Never, match="errcode_45002"):
            await client.send_text(ANN, "税" * 683)
        await client.send_text(ANN, "税" * 682)
        async with transaction() as session:
            await sandbox.acted(session, ANN, sandbox.Act.LEFT)
        with pytest.raises(Blocked):
            await client.send_text(ANN, "x")

    @pytest.mark.parametrize(("mode", "trouble"), [("down", NotNow), ("error", NotNow), ("garbage", Uncertain)])
    async def test_it_fails_as_told(self, client: WechatClient, mode: str, trouble: type[DeliveryTrouble]) -> None:
        await client.token()
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=Behaviour(mode), delay_ms=None)
        with pytest.raises(trouble):
            await client.send_text(ANN, "x")

    async def test_it_is_slow_as_told(self, client: WechatClient) -> None:
        await client.token()
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=None, delay_ms=300)
        began = clock.now()
        await client.send_text(ANN, "x")
        assert clock.now() - began >= timedelta(milliseconds=300)


class TestToken:
    async def test_one_process_fetches_for_all(self, client: WechatClient) -> None:
        others = [another_process() for _ in range(4)]
        tokens = await asyncio.gather(*(one.token() for one in [client, *others] for _ in range(4)))
        assert len(set(tokens)) == 1
        assert await self._fetched() == [False]
        for one in others:
            await one.close()

    async def test_processes_that_race_fetch_once(self, client: WechatClient) -> None:
        code = (
            "import asyncio\n"
            "from tests.channels.wechat.test_client import another_process\n"
            "async def run():\n"
            "    client = another_process()\n"
            "    print('ready', flush=True); input()\n"
            "    print(','.join(await asyncio.gather(*(client.token() for _ in range(8)))), flush=True)\n"
            "    await client.close()\n"
            "asyncio.run(run())\n"
        )
        racers = [
            subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for _ in range(2)
        ]  # fmt: skip

        def race() -> set[str]:
            for one in racers:
                assert one.stdout is not None
                assert one.stdout.readline().strip() == "ready"
            for one in racers:
                assert one.stdin is not None
                one.stdin.write("go\n")
                one.stdin.flush()
            return {token for one in racers for token in one.communicate(timeout=60)[0].strip().split(",")}

        tokens = await asyncio.to_thread(race)
        assert len(tokens) == 1
        assert tokens != {""}
        assert await self._fetched() == [False]

    async def test_a_token_that_ended_elsewhere_is_renewed_once_and_the_message_goes(
        self, client: WechatClient
    ) -> None:
        other = another_process()
        old = await client.token()
        async with transaction() as session:
            await sandbox.invalidate_token(session, sandbox_account(Mode.SAFE).app_id)
        await asyncio.gather(*(one.send_text(ANN, "x") for one in (client, other, client, other)))
        assert await client.token() != old
        assert await self._fetched() == [False, False]
        await other.close()

    async def test_it_is_forced_when_wechat_insists_on_the_token_that_it_refuses(self, empty_database: str) -> None:
        refusing = Coded(httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential"}))
        client = another_process(refusing)
        with pytest.raises(NotNow, match="token"):
            await client.send_text(ANN, "x")
        assert refusing.messages == 2, "a message is tried with one other token, not for ever"
        assert await self._fetched() == [False, True]
        with pytest.raises(NotNow):
            await client.send_text(ANN, "x")
        assert await self._fetched() == [False, True], "WeChat allows one forced token in 30 seconds"
        await client.close()

    async def test_nobody_waits_for_a_renewal_while_the_old_token_is_good(self, client: WechatClient) -> None:
        old = await client.token()
        async with transaction() as session:
            soon = clock.now() + timedelta(minutes=2)
            await session.execute(
                update(AccessToken).values(expires_at=soon, leased_until=clock.now() + timedelta(seconds=9))
            )
        assert await asyncio.wait_for(client.token(), 1) == old

    async def test_who_dies_fetching_holds_nobody_up_for_long(self, client: WechatClient) -> None:
        async with transaction() as session:
            session.add(
                AccessToken(app_id=sandbox_account(Mode.SAFE).app_id, leased_until=clock.now() + timedelta(seconds=0.5))
            )
        assert await asyncio.wait_for(client.token(), 3)

    async def test_a_failed_fetch_leaves_no_lease(self, client: WechatClient) -> None:
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=Behaviour.DOWN, delay_ms=None)
        with pytest.raises(NotNow):
            await client.token()
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=Behaviour.NORMAL, delay_ms=None)
        assert await asyncio.wait_for(client.token(), 1)

    async def test_nobody_can_read_it_in_the_database(self, client: WechatClient) -> None:
        token = await client.token()
        async with transaction() as session:
            for table in ("wechat_token", "sandbox_wechat"):
                rows = (await session.execute(text(f"select {table}::text as row from {table}"))).scalars()
                assert all(token not in row and token.encode().hex() not in row for row in rows)

    async def test_a_wrong_secret_waits_for_the_operator(self, empty_database: str) -> None:
        from dataclasses import replace

        account = sandbox_account(Mode.SAFE)
        client = WechatClient(
            replace(account, app_secret="wrong"), ADDRESS, 5.0, httpx.ASGITransport(sandbox.create_sandbox(account))
        )
        with pytest.raises(NotNow, match="app_secret"):
            await client.token()
        await client.close()

    async def _fetched(self) -> list[bool]:
        async with transaction() as session:
            return await sandbox.fetched_tokens(session)
