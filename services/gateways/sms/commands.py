"""`hub sandbox sms`: phones of the demonstration, read and written with, and how the carrier's stand-in behaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import httpx
import typer
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import clock
from hub.kit.db import dispose, transaction
from hub.kit.ids import new_id
from hub.settings import get_settings
from services.gateways.behaviour import Mode, tell
from services.gateways.signature import Credentials
from services.gateways.sms import callbacks, sandbox
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.registration import Registration, registered

T = TypeVar("T")


class Carrier(StrEnum):
    """Whose protocol is spoken."""

    ALIYUN = "aliyun"
    TENCENT = "tencent"


app = typer.Typer(help="短信沙箱：查看演示手机收到的短信，设定运行状态。", no_args_is_help=True)


def _in_transaction(work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    async def run() -> T:
        try:
            async with transaction() as session:
                return await work(session)
        finally:
            await dispose()

    return asyncio.run(run())


@app.command()
def read(phone: Annotated[str, typer.Argument(help="手机号码")]) -> None:
    """显示一部演示手机收到的短信，最新的在前。"""
    messages = _in_transaction(lambda session: sandbox.inbox(session, phone))
    for message in messages:
        typer.echo(f"{clock.shown(message.at)}  {message.text}")
    if not messages:
        typer.echo("这部手机没有收到短信。")


@app.command()
def behave(
    mode: Annotated[Mode, typer.Argument(help="normal 正常；down 无法连接；error 内部错误；garbage 答非所问")],
    delay: Annotated[int, typer.Option(min=0, max=600_000, help="每次应答前等待的毫秒数")] = 0,
) -> None:
    """设定短信通道正常、缓慢、中断或出错。"""
    row = _in_transaction(lambda session: tell(session, SandboxSmsControl, mode=mode, delay_ms=delay))
    typer.echo(f"状态 {row.mode}，应答延迟 {row.delay_ms} 毫秒")


@app.command()
def say(
    phone: Annotated[str, typer.Argument(help="手机号码")],
    text: Annotated[str, typer.Argument(help="短信内容")],
    carrier: Annotated[Carrier, typer.Option(help="以哪一家服务商的上行回调格式发送")] = Carrier.ALIYUN,
) -> None:
    """用一部演示手机给正在运行的系统发一条短信；需要 HUB_SMS_CALLBACK_SECRET。答复用 read 查看。"""
    settings = get_settings()
    secret = settings.sms_callback_secret.get_secret_value()
    if not secret:
        typer.echo("没有设置 HUB_SMS_CALLBACK_SECRET，上行短信没有开通。", err=True)
        raise typer.Exit(2)
    body = callbacks.said(carrier, phone, text, clock.now(), new_id().int % 10**15, settings.sms_sign_name)
    try:
        response = httpx.post(
            f"http://127.0.0.1:{settings.port}/channels/sms/webhook", params={"carrier": carrier, "token": secret},
            content=body, headers={"content-type": "application/json"}, trust_env=False,
        )  # fmt: skip
    except httpx.HTTPError:
        typer.echo("系统没有运行，或端口不同。", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{response.status_code} {response.text}")


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口（仅本机）")] = 8092,
    carrier: Annotated[Carrier, typer.Option(help="哪一家服务商的接口协议")] = Carrier.ALIYUN,
) -> None:
    """以短信服务商的接口协议对外提供沙箱，供上线前联调；密钥和模板取自该服务商的设置（HUB_SMS_…）。"""
    import uvicorn

    from services.gateways.sms import peer, peer_tencent

    settings = get_settings()
    if carrier is Carrier.TENCENT:
        key = Credentials.parse(settings.sms_tencent_key.get_secret_value(), "HUB_SMS_TENCENT_KEY")
        other = peer_tencent.create_peer(key, settings.sms_tencent_app_id, settings.sms_tencent_templates)
    else:
        key = Credentials.parse(settings.sms_key.get_secret_value(), "HUB_SMS_KEY")
        other = peer.create_peer(key, {name: one.code for name, one in _table(settings.sms_templates).items()})
    uvicorn.run(other, host="127.0.0.1", port=port, log_level="info")


def _table(templates: Mapping[str, Any]) -> Mapping[str, Registration]:
    return registered(templates, "HUB_SMS_TEMPLATES")
