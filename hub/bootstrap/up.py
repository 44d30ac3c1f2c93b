"""`hub up`: from an installed environment to a product that answers, with progress all the way."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx
import typer

from hub.bootstrap import postgres, secret_file
from hub.bootstrap.processes import Supervisor, end_left_over
from hub.settings import ROOT, Settings, get_settings

FIRST_READY_SECONDS = 300.0


def say(text: str) -> None:
    """A line of progress for the person at the terminal."""
    typer.echo(text)


class AlreadyRunning(RuntimeError):
    """Another copy owns this installation's `var/`."""


@contextmanager
def only_copy(var: Path) -> Iterator[None]:
    """Own the installation while the block runs.

    Raises `AlreadyRunning` at once when another copy does.
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "hub.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(
                f"本目录的服务已在运行（进程 {lock.read().strip() or '未知'}）。请先停止它。"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def require_free_port(host: str, port: int, setting: str) -> None:
    """Fail early with the setting to change.

    Raises `RuntimeError`.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise RuntimeError(f"端口 {port} 已被占用，请停止占用它的程序，或设置 {setting} 为其他端口。") from None


def prepare_secrets(settings: Settings) -> Settings:
    """Make missing secrets and read the settings again."""
    if secret_file.ensure(settings.var_dir / "secrets.env"):
        say("  已生成本机密钥（var/secrets.env，请与数据库一起备份）")
    get_settings.cache_clear()
    return get_settings()


def run_step(title: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start `hub …` beside us; `finish` waits for it."""
    say(f"· {title} …")
    return subprocess.Popen([sys.executable, "-m", "hub.cli", *arguments], cwd=ROOT)


def finish(step: subprocess.Popen[bytes], title: str) -> None:
    """Wait for a step.

    Raises `RuntimeError` when it failed.
    """
    if step.wait() != 0:
        raise RuntimeError(f"{title}失败，原因见上。")


def prepare(settings: Settings) -> None:
    """Schema, content, index and dialogue model, each only as far as something changed; the two long ones at once."""
    finish(run_step("数据库结构", "migrate"), "数据库结构升级")
    training = run_step("对话模型（内容有变化时训练，约三分钟）", "dialogue", "train")
    try:
        finish(run_step("知识内容", "knowledge", "load"), "知识内容加载")
        finish(run_step("向量索引（首次约五分钟）", "knowledge", "index"), "向量索引")
        finish(training, "对话模型训练")
    finally:
        if training.poll() is None:
            training.terminate()
            training.wait()


def wait_until_ready(settings: Settings, supervisor: Supervisor) -> None:
    """Return when `/readyz` is green and nothing is degraded.

    Raises `RuntimeError` after five minutes or when supervisor ends.
    """
    url = f"http://127.0.0.1:{settings.port}/readyz"
    deadline = time.monotonic() + FIRST_READY_SECONDS
    while time.monotonic() < deadline:
        if supervisor.process.poll() is not None:
            raise RuntimeError(f"进程管理器退出，日志见 {settings.var_dir}/logs")
        try:
            answer = httpx.get(url, timeout=3, trust_env=False)
            if answer.status_code == httpx.codes.OK and not answer.json()["degraded"]:
                return
        except (httpx.HTTPError, ValueError):
            pass
        time.sleep(0.3)
    raise RuntimeError(f"{FIRST_READY_SECONDS:.0f} 秒内未就绪，日志见 {settings.var_dir}/logs")


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def up() -> None:
    """Bring everything up, print one URL, and stay until Ctrl-C.

    Raises `AlreadyRunning`, `RuntimeError`, `PostgresTrouble`.
    """
    signal.signal(signal.SIGTERM, _stop)
    # a shell that starts us in the background hands down "ignore": Ctrl-C must work all the same
    signal.signal(signal.SIGINT, _stop)
    settings = get_settings()
    with only_copy(settings.var_dir):
        end_left_over(settings)
        require_free_port(settings.host, settings.port, "HUB_PORT")
        require_free_port("127.0.0.1", settings.dialogue_port, "HUB_DIALOGUE_PORT")
        settings = prepare_secrets(settings)
        if settings.embedded_postgres:
            require_free_port("127.0.0.1", settings.pg_port, "HUB_PG_PORT")
            say("· 数据库 …")
            postgres.create_cluster(settings.var_dir / "postgres", settings.pg_password.get_secret_value())
            postgres.drop_stale_pid(settings.var_dir / "postgres")
        supervisor = Supervisor(settings)
        try:
            _run(settings, supervisor)
        except KeyboardInterrupt:
            say("\n正在停止 …")
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            supervisor.shut_down()
        say("已停止。")


def _run(settings: Settings, supervisor: Supervisor) -> None:
    if settings.embedded_postgres:
        supervisor.start("postgres")
        postgres.wait_until_ready(settings.dsn.rsplit("/", 1)[0] + "/postgres")
        postgres.ensure_database(settings.dsn.rsplit("/", 1)[0] + "/postgres", "hub")
    else:
        postgres.wait_until_ready(settings.dsn)
    prepare(settings)
    say("· 启动对话引擎、服务与后台任务 …")
    for name in ("dialogue", "hub", "worker"):
        supervisor.start(name)
    wait_until_ready(settings, supervisor)
    shown = settings.public_url or f"http://127.0.0.1:{settings.port}/"
    say(f"\n已就绪： {shown}\n（Ctrl-C 停止）")
    supervisor.process.wait()
    raise RuntimeError(f"进程管理器意外退出，日志见 {settings.var_dir}/logs")
