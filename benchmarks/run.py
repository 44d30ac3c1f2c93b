"""`python -m benchmarks.run [part …]`: one report of all parts or some, printed; of all, kept in `results/`."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import ask, conversations, index, memory, retrieval
from benchmarks.figures import Target
from hub.settings import ROOT
from tests.product import Product

PARTS = ("index", "retrieval", "ask", "conversations", "memory")
LATEST = Path(__file__).parent / "results/latest.md"


def machine() -> str:
    """Where and when this was measured, and how busy the machine was before."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return "\n".join(
        [
            f"- {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {platform.system()}",
            f"- {len(os.sched_getaffinity(0))} cores ({model}), {psutil.virtual_memory().total / 2**30:.0f} GiB; the "
            "load generator runs on the same cores",
            f"- load average before the run: {os.getloadavg()[0]:.2f}",
        ]
    )


def measure(parts: list[str], var: Path) -> str:
    """Measure the parts and put the report together."""
    began, where = time.monotonic(), machine()
    sections: list[str] = []
    targets: list[Target] = []
    if "index" in parts:
        sections.append(index.report())
    if "retrieval" in parts:
        said, promised = retrieval.report()
        sections.append(said)
        targets += promised
    if set(parts) - {"index", "retrieval"}:
        product = Product(var)
        try:
            product.start()
            if "ask" in parts:
                sections.append(ask.report(product))
            if "conversations" in parts:
                said, promised = conversations.report(product)
                sections.append(said)
                targets += promised
            if "memory" in parts:
                sections.append(memory.report(product))
        finally:
            product.stop()
    kept = ["## Targets\n\n" + "\n".join(target.line() for target in targets)] if targets else []
    head = f"# Benchmarks\n\nRatios first: they hold on other machines, absolute numbers do not.\n\n{where}"
    foot = f"Measured in {time.monotonic() - began:.0f} s by `python -m benchmarks.run`."
    return "\n\n".join([head, *kept, *sections, foot]) + "\n"


def main() -> None:
    """Measure, print and keep; a run of some parts only is not kept."""
    parser = argparse.ArgumentParser(description="Speed and memory of the product beside its peers.")
    parser.add_argument(
        "parts", nargs="*", metavar="part", help="index, retrieval, ask, conversations, memory; default: all"
    )
    parser.add_argument(
        "--var", type=Path, default=ROOT / "var/benchmark", help="where the measured product keeps its data"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the product is stopped, whatever ends us
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    said = measure(options.parts or list(PARTS), options.var)
    print(said)
    if not options.parts:
        LATEST.parent.mkdir(exist_ok=True)
        LATEST.write_text(said, "utf-8")


if __name__ == "__main__":
    main()
