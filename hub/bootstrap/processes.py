"""The processes of the product under supervisor, which starts again whatever dies."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shlex
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from hub.bootstrap import postgres
from hub.settings import ROOT, Settings

PROGRAM = """
[program:{name}]
command={command}
directory={root}
autostart=false
autorestart=true
startsecs=1
startretries=1000000
stopsignal={signal}
stopwaitsecs={patience}
stopasgroup={group}
killasgroup={group}
priority={priority}
stdout_logfile={logs}/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=5
redirect_stderr=true
"""

HEAD = """; made by `hub up`; do not edit
[supervisord]
nodaemon=true
logfile={logs}/supervisord.log
logfile_maxbytes=5MB
pidfile={var}/supervisord.pid
childlogdir={logs}
minfds=1024
{user}
[unix_http_server]
file={socket}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def socket_path(var: Path) -> Path:
    """A short path, whatever the depth of the installation: socket paths end at about 100 characters."""
    digest = hashlib.sha256(str(var.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"hub-{digest}.sock"


def _command(*words: str) -> str:
    return " ".join(shlex.quote(word) for word in words).replace("%", "%%")


def programs(settings: Settings) -> dict[str, str]:
    """Name and command of every process that we run, in order of starting."""
    hub = [sys.executable, "-m", "hub.cli"]
    found = {
        "dialogue": _command(*hub, "dialogue", "start"),
        "hub": _command(*hub, "serve"),
        "worker": _command(*hub, "worker"),
    }
    if settings.embedded_postgres:
        server = postgres.server_command(settings.var_dir / "postgres", settings.pg_port, "max_connections=100")
        found = {"postgres": _command(*server), **found}
    return found


def write_config(settings: Settings) -> Path:
    """Write supervisor's configuration under `var/`; its path."""
    var = settings.var_dir.resolve()
    logs = var / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    user = "user=root" if os.geteuid() == 0 else ""
    parts = [HEAD.format(logs=logs, var=var, socket=socket_path(var), user=user)]
    for priority, (name, command) in enumerate(programs(settings).items(), start=1):
        is_database = name == "postgres"
        parts.append(
            PROGRAM.format(
                name=name,
                command=command,
                root=ROOT,
                logs=logs,
                priority=priority,
                # SIGINT is PostgreSQL's fast shutdown
                signal="INT" if is_database else "TERM",
                patience=20,
                group=str(not is_database).lower(),
            )
        )
    path = var / "supervisord.conf"
    path.write_text("".join(parts), "utf-8")
    return path


def _proxy(settings: Settings) -> Any:
    transport = SupervisorTransport(None, None, f"unix://{socket_path(settings.var_dir)}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


def end_left_over(settings: Settings) -> None:
    """Stop the supervisord of a copy of us that was killed: it holds our ports and our database."""
    socket = socket_path(settings.var_dir)
    if not socket.exists():
        return
    proxy = _proxy(settings)
    with contextlib.suppress(OSError, xmlrpc.client.Error):
        pid = proxy.supervisor.getPID()
        proxy.supervisor.shutdown()
        deadline = time.monotonic() + 60
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    socket.unlink(missing_ok=True)


class Supervisor:
    """A running supervisord, started by us and spoken to over its socket."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        config = write_config(settings)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        # a session of its own: Ctrl-C reaches us, and we stop it in order
        self.process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
        self._wait_for_socket()

    def _wait_for_socket(self) -> None:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, xmlrpc.client.Error, http.client.HTTPException):
                self._rpc.getState()
                return
            time.sleep(0.05)
        raise RuntimeError(f"supervisord did not start; see {self._settings.var_dir}/logs/supervisord.log")

    @property
    def _rpc(self) -> Any:
        # a transport that failed once stays unusable, so each call gets its own
        return _proxy(self._settings).supervisor

    def start(self, name: str) -> None:
        """Start a program."""
        self._rpc.startProcess(name, False)

    def stop(self, name: str) -> None:
        """Stop a program and wait for it."""
        self._rpc.stopProcess(name, True)

    def state(self, name: str) -> str:
        """RUNNING, BACKOFF, FATAL … of a program."""
        return str(self._rpc.getProcessInfo(name)["statename"])

    def shut_down(self) -> None:
        """Stop everything in reverse order and wait for the end."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
