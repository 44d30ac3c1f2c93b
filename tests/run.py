"""Every check of the project in one order, fast ones first: `python -m tests.run [--fast|--soak]`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

import psutil

from hub.settings import ROOT

PY = sys.executable
BIN = ROOT / ".venv/bin"
NEEDS_PRODUCT = "dialogue or browser or chaos or soak"
LIMIT = 20 * 60
"""Seconds that a step may take: far beyond what any needs, so that what hangs is named instead of waited for."""
SOAK_LIMIT = 3 * 3600

FAST = [
    ("format", [BIN / "ruff", "format", "--check", "."]),
    ("lint", [BIN / "ruff", "check", "."]),
    ("types", [BIN / "mypy"]),
    ("import rule", [BIN / "lint-imports"]),
    ("vectors of the content", [PY, "-m", "hub.cli", "knowledge", "vectors"]),
    ("generated dialogue files", [PY, "-m", "hub.cli", "dialogue", "check"]),
    (
        "unit and contract tests",
        [
            PY,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadscope",
            "--timeout",
            "300",
            "-m",
            f"not ({NEEDS_PRODUCT})",
        ],
    ),
]
PRODUCT = [
    ("dialogue model", [PY, "-m", "hub.cli", "dialogue", "train"]),
    ("conversations on the real Rasa, pages in the real browser",
     [PY, "-m", "pytest", "-q", "--durations", "12", "-m", "(dialogue or browser) and not (chaos or soak)"]),
    ("kills and fuzzing, short", [PY, "-m", "pytest", "-q", "--durations", "12", "-m", "chaos and not soak"]),
]  # fmt: skip
SOAK = [
    ("the long runs",
     [PY, "-m", "pytest", "-q", "-m", "soak or chaos", "--timeout", "7200", "-o", "faulthandler_timeout=3600"]),
]  # fmt: skip


def run(command: Sequence[str], environment: Mapping[str, str], limit: float) -> int:
    """The exit status of a step; one that hangs is ended, and its pytest processes say first where they stand."""
    step = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return step.wait(limit)
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"\nno end after {limit:.0f} s\n")
        sys.stdout.flush()
    running = [*psutil.Process(step.pid).children(recursive=True), psutil.Process(step.pid)]
    for process in running:
        with contextlib.suppress(psutil.NoSuchProcess):
            # pytest answers an abort with the stacks of all its threads
            process.send_signal(signal.SIGABRT)
    for process in psutil.wait_procs(running, 10)[1]:
        process.kill()
    return 124


def main() -> None:
    """Run the checks; the first that fails ends the run with its exit status."""
    steps = list(FAST)
    if "--fast" not in sys.argv:
        steps += PRODUCT
    if "--soak" in sys.argv:
        steps += SOAK
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HUB_SOAK": "1" if "--soak" in sys.argv else ""}
    begin = time.monotonic()
    for title, command in steps:
        sys.stdout.write(f"\n=== {title}\n")
        sys.stdout.flush()
        started = time.monotonic()
        limit = SOAK_LIMIT if (title, command) in SOAK else LIMIT
        status = run([str(word) for word in command], environment, limit)
        sys.stdout.write(f"--- {title}: {time.monotonic() - started:.0f} s, {time.strftime('%H:%M:%S')}\n")
        if status != 0:
            sys.stdout.write(f"FAILED: {title}\n")
            raise SystemExit(status)
    sys.stdout.write(f"\nAll checks passed in {time.monotonic() - begin:.0f} s\n")


if __name__ == "__main__":
    main()
