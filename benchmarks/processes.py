"""The processes of the running product: which there are, what CPU they have used, what memory they hold."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

from tests.product import Product

PROGRAMS = ("hub", "dialogue", "worker", "postgres")


def of(product: Product) -> dict[str, list[psutil.Process]]:
    """Each program with all its processes, and those that keep them running."""
    groups = {name: list(_family(product.pid_of(name))) for name in PROGRAMS}
    manager = psutil.Process(product.pid_of("hub")).parent()
    if manager and product.process:
        groups["process manager"] = [manager, psutil.Process(product.process.pid)]
    return groups


def _family(pid: int) -> Iterator[psutil.Process]:
    """A process with its children, as supervisor started it."""
    process = psutil.Process(pid)
    yield process
    yield from process.children(recursive=True)


def cpu_seconds(product: Product) -> dict[str, float]:
    """CPU time that each program has used so far, user and system."""
    used = {}
    for name, family in of(product).items():
        times = [process.cpu_times() for process in family]
        used[name] = sum(time.user + time.system for time in times)
    return used
