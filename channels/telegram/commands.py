"""`hub sandbox telegram`: play somebody who writes to the bot, over the real wire format, against the running hub."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import httpx
import typer
from sqlalchemy.ext.asyncio import AsyncSession

from channels.telegram import sandbox
from channels.telegram.channel import SECRET_HEADER, secret_of
from channels.telegram.models import SandboxTelegramControl, SandboxTelegramMessage
from hub.kit.db import dispose, transaction
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell

T = TypeVar("T")

app = typer.Typer(help="Telegram沙箱：扮演用户收发消息，设定运行状态。", no_args_is_help=True)
Chat = Annotated[int, typer.Argument(min=1, help="扮演的用户编号，任意正整数")]
Wait = Annotated[float, typer.Option(min=0, max=120, help="等待答复的秒数")]


def _run(work: Callable[[], Awaitable[T]]) -> T:
    async def whole() -> T:
        try:
            return await work()
        finally:
            await dispose()

    return asyncio.run(whole())


async def _in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async with transaction() as session:
        return await work(session)


@app.command()
def say(chat: Chat, words: Annotated[str, typer.Argument(help="要说的话")], wait: Wait = 10) -> None:
    """向机器人说一句话，显示它的答复。"""

    async def work() -> None:
        update = await _in_transaction(lambda session: sandbox.write(session, chat, text=words))
        await _deliver(update)
        await _answers(chat, update["message"]["message_id"], wait)

    _run(work)


@app.command()
def photo(chat: Chat, code: Annotated[str, typer.Argument(help="照片上二维码的内容")], wait: Wait = 10) -> None:
    """向机器人发一张二维码的照片（例如发票左上角的二维码），显示它的答复。"""

    async def work() -> None:
        sizes = [{"file_id": sandbox.file_of(code), "file_unique_id": "photo", "width": 200, "height": 200}]
        update = await _in_transaction(lambda session: sandbox.write(session, chat, photo=sizes))
        await _deliver(update)
        await _answers(chat, update["message"]["message_id"], wait)

    _run(work)


@app.command()
def press(chat: Chat, button: Annotated[str, typer.Argument(help="按钮上的文字")], wait: Wait = 10) -> None:
    """按下最近一条消息下面的按钮。"""

    async def work() -> None:
        said = await _in_transaction(lambda session: sandbox.read(session, chat))
        found = [(one.message_id, data) for one in said for title, data in _buttons(one) if title == button]
        if not found:
            typer.echo("没有这个按钮。")
            raise typer.Exit(1)
        number, data = found[-1]
        last = said[-1].message_id
        query = sandbox.press(chat, chat, number, data)
        number_of_update = await _in_transaction(sandbox.next_update)
        await _deliver({"update_id": number_of_update, "callback_query": query})
        await _answers(chat, last, wait)

    _run(work)


@app.command()
def read(chat: Chat) -> None:
    """显示与这位用户的全部消息。"""

    async def work() -> None:
        for one in await _in_transaction(lambda session: sandbox.read(session, chat)):
            _show(one)

    _run(work)


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 内部错误；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
) -> None:
    """设定沙箱正常、缓慢、中断或出错。"""
    row = _run(
        lambda: _in_transaction(lambda session: tell(session, SandboxTelegramControl, mode=mode, delay_ms=delay))
    )
    typer.echo(f"状态 {row.mode}，应答延迟 {row.delay_ms} 毫秒")


async def _deliver(update: dict[str, Any]) -> None:
    settings = get_settings()
    async with httpx.AsyncClient(timeout=30) as http:
        answer = await http.post(
            f"http://127.0.0.1:{settings.port}/channels/telegram/webhook",
            content=json.dumps(update, ensure_ascii=False),
            headers={"content-type": "application/json", SECRET_HEADER: secret_of(sandbox.sandbox_token())},
        )
    if answer.status_code != httpx.codes.OK:
        typer.echo(f"入口答复 {answer.status_code}：请确认服务已启动，且 HUB_TELEGRAM_GATEWAY=sandbox。")
        raise typer.Exit(1)


async def _answers(chat: int, after: int, seconds: float) -> None:
    """Show what the bot says, until it has been silent for a while."""
    quiet, deadline = 0.0, asyncio.get_running_loop().time() + seconds
    shown = after
    while asyncio.get_running_loop().time() < deadline and (shown == after or quiet < 2):
        async with transaction() as session:
            news = [one for one in await sandbox.read(session, chat, shown) if one.from_bot]
        for one in news:
            _show(one)
            shown, quiet = one.message_id, 0.0
        await asyncio.sleep(0.3)
        quiet += 0.3


def _buttons(one: SandboxTelegramMessage) -> list[tuple[str, str]]:
    rows = (one.content.get("reply_markup") or {}).get("inline_keyboard") or []
    return [(button["text"], button["callback_data"]) for row in rows for button in row]


def _show(one: SandboxTelegramMessage) -> None:
    typer.echo(f"{'助手' if one.from_bot else '用户'}：{one.content.get('text', '')}")
    for title, _ in _buttons(one):
        typer.echo(f"  [{title}]")
