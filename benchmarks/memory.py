"""Memory that each process of the product holds after the load."""

from __future__ import annotations

from benchmarks import processes
from benchmarks.figures import table
from tests.product import Product

MIB = 1024 * 1024


def report(product: Product) -> str:
    """Measure, and tell."""
    rows, total = [], [0.0, 0.0]
    for name, family in processes.of(product).items():
        infos = [process.memory_full_info() for process in family]
        pss, rss = sum(info.pss for info in infos) / MIB, sum(info.rss for info in infos) / MIB
        total = [total[0] + pss, total[1] + rss]
        rows.append([name, str(len(family)), f"{pss:.0f}", f"{rss:.0f}"])
    rows.append(["together", "", f"{total[0]:.0f}", f"{total[1]:.0f}"])
    return "\n\n".join(
        [
            "## Memory",
            "After the load above. PSS counts a shared page once, divided among its holders; RSS counts it for each.",
            table(["program", "processes", "PSS MiB", "RSS MiB"], rows),
        ]
    )
