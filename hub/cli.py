"""The command `hub`: everything that operators, editors and developers do from a terminal."""

from __future__ import annotations

import os

# before anything imports numpy: one thread a process, replicas instead of threads
os.environ.setdefault("OMP_NUM_THREADS", "1")

import asyncio
from pathlib import Path
from typing import Annotated, ClassVar

import psycopg
import typer
from sqlalchemy.exc import DBAPIError

from hub.bootstrap import secret_file
from hub.bootstrap.backup import BackupTrouble, back_up, reachable_database
from hub.bootstrap.backup import restore as restore_backup
from hub.bootstrap.postgres import PostgresTrouble
from hub.bootstrap.up import AlreadyRunning, only_copy, prepare, prepare_secrets, up
from hub.kit.errors import HubError
from hub.ondemand import OnDemand
from hub.settings import get_settings


class Commands(OnDemand):
    """`hub …`"""

    elsewhere: ClassVar = {
        "knowledge": ("knowledge_base.commands", "知识库"),
        "models": ("knowledge_base.model_commands", "检索模型"),
        "dialogue": ("bot.dialogue.commands", "对话引擎"),
        "staff": ("hub.accounts.commands", "工作人员"),
        "payment": ("services.payment.commands", "缴款"),
        "reminders": ("services.reminders.commands", "提醒"),
        "outbox": ("hub.outbox.commands", "发件箱"),
        "channels": ("channels.commands", "渠道"),
        "new": ("hub.scaffold.commands", "新增税种或服务"),
    }


class Sandboxes(OnDemand):
    """`hub sandbox …`"""

    elsewhere: ClassVar = {
        "inspection": ("services.gateways.inspection.commands", "发票查验平台"),
        "core": ("services.gateways.tax_core.commands", "核心征管系统"),
        "real-name": ("services.gateways.real_name.commands", "实名核验服务"),
        "sms": ("services.gateways.sms.commands", "短信通道和演示手机"),
        "payment": ("services.gateways.payments.commands", "支付渠道"),
        "telegram": ("channels.telegram.commands", "Telegram"),
    }


app = typer.Typer(cls=Commands, help="12366 知识库平台", no_args_is_help=True, pretty_exceptions_enable=False)
secrets = typer.Typer(help="密钥", no_args_is_help=True)
sandbox = typer.Typer(cls=Sandboxes, help="外部系统的沙箱", no_args_is_help=True)
audit_log = typer.Typer(help="审计日志", no_args_is_help=True)
app.add_typer(secrets, name="secrets")
app.add_typer(audit_log, name="audit")
app.add_typer(sandbox, name="sandbox")


@app.command("up")
def up_command() -> None:
    """启动全部进程，就绪后打印网址；Ctrl-C 停止。"""
    up()


@app.command()
def serve() -> None:
    """运行 hub 进程（由进程管理器调用）。"""
    import uvicorn

    settings = get_settings()
    uvicorn.run(
        "hub.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=15,
        ws_max_size=64 * 1024,
        server_header=False,
        proxy_headers=False,
    )


@app.command()
def worker() -> None:
    """运行后台任务进程（由进程管理器调用）。"""
    from hub.worker import run

    asyncio.run(run())


@app.command()
def migrate() -> None:
    """把数据库结构升级到最新版本。"""
    from hub.bootstrap.schema import migrate as migrate_schema

    migrate_schema(get_settings().dsn)


@app.command()
def upgrade() -> None:
    """升级：先备份，再升级数据库结构、知识内容、索引和对话模型。服务须先停止。"""
    settings = prepare_secrets(get_settings())
    with only_copy(settings.var_dir), reachable_database(settings):
        typer.echo(f"已备份到 {back_up(settings)}")
        prepare(settings)
    typer.echo("升级完成，可以启动服务。")


@app.command()
def backup(to: Annotated[Path | None, typer.Option(help="备份文件路径，默认 var/backups/ 下")] = None) -> None:
    """备份数据库和数据密钥（服务可以在运行）。"""
    typer.echo(f"已备份到 {back_up(get_settings(), to)}（内含数据密钥，请妥善保管）")


@app.command()
def restore(source: Path, yes: Annotated[bool, typer.Option("--yes", help="不再询问")] = False) -> None:
    """从备份恢复，覆盖现有数据。服务须先停止。"""
    settings = prepare_secrets(get_settings())
    with only_copy(settings.var_dir):
        if not yes:
            typer.confirm("现有数据将被备份中的数据覆盖，继续吗？", abort=True)
        restore_backup(settings, source)
    typer.echo("已恢复。")


@secrets.command("init")
def secrets_init() -> None:
    """生成缺少的密钥。"""
    made = secret_file.ensure(get_settings().var_dir / "secrets.env")
    typer.echo("已生成缺少的密钥。" if made else "密钥齐全。")


@secrets.command("rotate")
def secrets_rotate() -> None:
    """更换密钥：旧数据密钥仍可解密，令牌立即更换；重启服务后生效。"""
    changed = secret_file.rotate(get_settings().var_dir / "secrets.env")
    typer.echo(f"已更换：{'、'.join(changed)}。请重启服务。")


@audit_log.command("verify")
def audit_verify() -> None:
    """检查审计日志的哈希链是否完整。"""
    from hub import audit
    from hub.kit.db import dispose, transaction

    async def verify() -> int | None:
        async with transaction() as session:
            broken = await audit.first_broken(session)
        await dispose()
        return broken

    broken = asyncio.run(verify())
    if broken is not None:
        typer.echo(f"审计日志在第 {broken} 行被改动。", err=True)
        raise typer.Exit(1)
    typer.echo("审计日志完整。")


def _skill_names() -> list[str]:
    from services.registry import SKILLS

    return [skill.name for skill in SKILLS]


def main() -> None:
    """Run a command; what people can put right is said in one line, without a traceback."""
    try:
        app(obj={"skills": _skill_names})
    except (AlreadyRunning, BackupTrouble, PostgresTrouble, RuntimeError) as error:
        typer.echo(f"错误：{error}", err=True)
        raise SystemExit(1) from None
    except HubError as error:
        typer.echo(f"错误：{error.user_message}", err=True)
        raise SystemExit(1) from None
    except (psycopg.OperationalError, DBAPIError) as error:
        typer.echo(
            f"错误：数据库不可用（{type(error).__name__}）。请先启动服务（make run）或检查 HUB_DATABASE_URL。", err=True
        )
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
