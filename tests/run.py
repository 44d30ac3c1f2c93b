"""Every check of the project in one order, fast ones first: `python -m tests.run [--fast|--soak]`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO

import psutil

from hub.settings import ROOT

PY = sys.executable
BIN = ROOT / ".venv/bin"
NEEDS_MORE = "content or dialogue or browser or chaos or soak"
"""Marks of tests that need more than a database: the vectors of the content, or the running product."""
LIMIT = 20 * 60
"""Seconds that a step may take: far beyond what any needs, so that what hangs is named instead of waited for."""
SOAK_LIMIT = 3 * 3600


@dataclass(frozen=True)
class Step:
    """A check, and how long it may take."""

    title: str
    command: Sequence[str | Path]
    limit: float = LIMIT
    product: str = "test-product"
    """the folder under `var/` in which it runs the product"""


def pytest(*arguments: str) -> list[str | Path]:
    """The command that runs some of the tests."""
    return [PY, "-m", "pytest", "-q", *arguments]


FORMAT = Step("format", [BIN / "ruff", "format", "--check", "."])
LINT = Step("lint", [BIN / "ruff", "check", "."])
TYPES = Step("types", [BIN / "mypy"])
IMPORTS = Step("import rule", [BIN / "lint-imports"])
DIALOGUE = Step("generated dialogue files", [PY, "-m", "hub.cli", "dialogue", "check"])
VECTORS = Step("vectors of the content", [PY, "-m", "hub.cli", "knowledge", "vectors"])
MODEL = Step("dialogue model", [PY, "-m", "hub.cli", "dialogue", "train"])
UNITS = Step(
    "unit and contract tests",
    pytest("-n", "2", "--dist", "loadscope", "--timeout", "300", "--durations", "8", "-m", f"not ({NEEDS_MORE})"),
)
CONTENT = Step("what the content must say", pytest("-m", "content and not soak"))
PREPARED = Step("the product, set up once", [PY, "-m", "tests.prepared"])
TALKS = Step(
    "conversations on the real Rasa", pytest("--durations", "20", "-m", "dialogue and not (browser or chaos or soak)")
)
KILLS = Step("kills and fuzzing, short", pytest("--durations", "20", "-m", "chaos and not soak"), product="test-kills")
PAGES = Step(
    "pages in the real browser", pytest("--durations", "20", "-m", "browser and not (chaos or soak)"),
    product="test-pages",
)  # fmt: skip
LONG = Step(
    "the long runs",
    pytest("-m", "soak or chaos", "--timeout", "7200", "-o", "faulthandler_timeout=3600"),
    SOAK_LIMIT,
)

Lane = Sequence[Step]
"""Steps one after the other."""

QUICK: list[Sequence[Lane]] = [[[step]] for step in (FORMAT, LINT, TYPES, IMPORTS, DIALOGUE)]
# what waits for databases, processes and pages leaves most of two cores idle: it shares them with what computes
FAST: list[Sequence[Lane]] = [*QUICK, [[UNITS]], [[VECTORS]], [[CONTENT]]]
EVERYTHING: list[Sequence[Lane]] = [
    *QUICK,
    [[UNITS], [MODEL, VECTORS, PREPARED]],
    [[TALKS, CONTENT], [KILLS, PAGES]],
]


def run(step: Step, environment: Mapping[str, str], output: IO[bytes] | None) -> int:
    """The exit status of a step; one that hangs is ended, and its pytest processes say first where they stand."""
    command = [str(word) for word in step.command]
    own = {**environment, "TEST_PRODUCT": step.product}
    running = subprocess.Popen(command, cwd=ROOT, env=own, stdout=output, stderr=output)
    try:
        return running.wait(step.limit)
    except subprocess.TimeoutExpired:
        message = f"\nno end after {step.limit:.0f} s\n"
        (output or sys.stdout.buffer).write(message.encode())
    every = [*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)]
    for process in every:
        with contextlib.suppress(psutil.NoSuchProcess):
            # pytest answers an abort with the stacks of all its threads
            process.send_signal(signal.SIGABRT)
    for process in psutil.wait_procs(every, 10)[1]:
        process.kill()
    return 124


def told(step: Step, status: int, seconds: float) -> None:
    """Say how a step ended."""
    sys.stdout.write(f"--- {step.title}: {seconds:.0f} s, {time.strftime('%H:%M:%S')}\n")
    if status != 0:
        sys.stdout.write(f"FAILED: {step.title}\n")
    sys.stdout.flush()


def alone(step: Step, environment: Mapping[str, str]) -> int:
    """Run a step in the open."""
    sys.stdout.write(f"\n=== {step.title}\n")
    sys.stdout.flush()
    began = time.monotonic()
    status = run(step, environment, None)
    told(step, status, time.monotonic() - began)
    return status


def together(lanes: Sequence[Lane], environment: Mapping[str, str]) -> int:
    """Run lanes side by side and print what each step said when it has ended; the first bad status, or 0."""
    sys.stdout.write("\n=== side by side: " + " | ".join(step.title for lane in lanes for step in lane) + "\n")
    sys.stdout.flush()
    talking = Lock()

    def along(lane: Lane) -> int:
        for step in lane:
            began = time.monotonic()
            with tempfile.TemporaryFile() as output:
                status = run(step, environment, output)
                output.seek(0)
                said = output.read().decode(errors="replace")
            with talking:
                sys.stdout.write(f"\n=== {step.title}\n{said}")
                told(step, status, time.monotonic() - began)
            if status != 0:
                return status
        return 0

    with ThreadPoolExecutor(len(lanes)) as pool:
        return next((status for status in pool.map(along, lanes) if status), 0)


def main() -> None:
    """Run the checks; the first group with a failure ends the run with its exit status."""
    groups = FAST if "--fast" in sys.argv else EVERYTHING
    if "--soak" in sys.argv:
        groups = [*groups, [[LONG]]]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HUB_SOAK": "1" if "--soak" in sys.argv else ""}
    begin = time.monotonic()
    for lanes in groups:
        status = alone(lanes[0][0], environment) if len(lanes) == 1 else together(lanes, environment)
        if status != 0:
            raise SystemExit(status)
    sys.stdout.write(f"\nAll checks passed in {time.monotonic() - begin:.0f} s\n")


if __name__ == "__main__":
    main()
