"""Backup and restore: the database in pg_dump's own format with the secrets that make it readable, in one archive."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from hub.bootstrap import postgres, secret_file
from hub.kit import clock
from hub.settings import Settings

DUMP, SECRETS = "database.dump", "secrets.env"
DERIVED = ("embedding",)
"""Tables that `hub knowledge index` fills again from the content: most of a backup, and no truth of their own."""
RINGS = ("HUB_DATA_KEYS", "HUB_RECEIPT_KEYS")


class BackupTrouble(RuntimeError):
    """The archive cannot be made or used; the message says why."""


@contextmanager
def reachable_database(settings: Settings) -> Iterator[None]:
    """The database while the block runs: the running one, or the embedded server started for this purpose."""
    try:
        psycopg.connect(settings.dsn, connect_timeout=2).close()
    except psycopg.OperationalError:
        if not settings.embedded_postgres:
            raise
        data = settings.var_dir / "postgres"
        postgres.create_cluster(data, settings.pg_password.get_secret_value())
        postgres.drop_stale_pid(data)
        server = subprocess.Popen(postgres.server_command(data, settings.pg_port), stderr=subprocess.DEVNULL)
        try:
            postgres.wait_until_ready(settings.dsn.rsplit("/", 1)[0] + "/postgres")
            postgres.ensure_database(settings.dsn.rsplit("/", 1)[0] + "/postgres", "hub")
            yield
        finally:
            # SIGINT is PostgreSQL's fast shutdown
            server.send_signal(2)
            server.wait(30)
    else:
        yield


def back_up(settings: Settings, target: Path | None = None) -> Path:
    """Write an archive (mode 600); its path.

    Raises `BackupTrouble`.
    """
    moment = clock.now().astimezone(clock.SHANGHAI).strftime("%Y%m%d-%H%M%S")
    target = target or settings.var_dir / "backups" / f"hub-{moment}.tar"
    target.parent.mkdir(parents=True, exist_ok=True)
    with reachable_database(settings), tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        left_out = [f"--exclude-table-data={table}" for table in DERIVED]
        _run("pg_dump", "--format=custom", "--no-owner", *left_out, f"--file={dump}", settings.dsn)
        unfinished = target.with_suffix(".part")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
            archive.add(dump, DUMP)
            secrets = {
                "HUB_DATA_KEYS": settings.data_keys, "HUB_INDEX_KEY": settings.index_key,
                "HUB_RECEIPT_KEYS": settings.receipt_keys,
            }  # fmt: skip
            lines = "".join(f"{name}={value.get_secret_value()}\n" for name, value in secrets.items())
            _add(archive, SECRETS, lines.encode())
        unfinished.replace(target)
    return target


def restore(settings: Settings, source: Path) -> None:
    """Put the database back as it was, with the keys by which its content is read (added to ours) and found.

    Raises `BackupTrouble`; the database is then as it was before.
    """
    try:
        with tarfile.open(source) as archive, tempfile.TemporaryDirectory() as folder:
            archive.extractall(folder, filter="data")
            dump, kept = Path(folder) / DUMP, secret_file.read(Path(folder) / SECRETS)
            if not dump.exists():
                raise BackupTrouble(f"{source} 不是本系统的备份文件。")
            with reachable_database(settings):
                _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error",
                     f"--dbname={settings.dsn}", str(dump))  # fmt: skip
    except (tarfile.TarError, FileNotFoundError) as error:
        raise BackupTrouble(f"无法读取备份文件 {source}：{error}") from error
    path = settings.var_dir / SECRETS
    ours = secret_file.read(path)
    if ours:
        # keys of both: what either wrote or signed stays readable and verifiable
        rings = {name: ",".join(_ring(ours.get(name, ""), kept.get(name, ""))) for name in RINGS}
        found_by = {"HUB_INDEX_KEY": kept["HUB_INDEX_KEY"]} if kept.get("HUB_INDEX_KEY") else {}
        secret_file.write(path, {**ours, **rings, **found_by})


def _ring(*lists: str) -> list[str]:
    """The keys of several comma-separated lists, each once, in order."""
    return list(dict.fromkeys(key for keys in lists for key in keys.split(",") if key))


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([postgres.binary(program), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupTrouble(f"{program} 失败：{done.stderr.strip()[:2000]}")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    archive.addfile(entry, io.BytesIO(content))
