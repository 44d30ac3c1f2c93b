"""A PostgreSQL of its own for a measurement, gone when the process ends."""

from __future__ import annotations

import atexit
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path


def scratch_server() -> str:
    """The DSN of an empty database on a new server."""
    from hub.bootstrap import postgres
    from tests.conftest import free_port

    folder = Path(tempfile.mkdtemp(prefix="hub-benchmark-"))
    password, port = secrets.token_urlsafe(12), free_port()
    postgres.create_cluster(folder / "data", password)
    log = (folder / "log").open("wb")
    server = subprocess.Popen(postgres.server_command(folder / "data", port), stdout=log, stderr=log)

    def end() -> None:
        server.send_signal(2)
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    dsn = f"postgresql://hub:{password}@127.0.0.1:{port}/postgres"
    postgres.wait_until_ready(dsn)
    return dsn
