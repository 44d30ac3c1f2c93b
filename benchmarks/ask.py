"""`POST /api/v1/ask` beside a bare FastAPI route that answers with the same bodies."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks.figures import Comparison, Sample, table
from benchmarks.load import drive, post
from hub.settings import ROOT
from tests.conftest import free_port
from tests.product import Product

QUESTIONS = ROOT / "tests/golden/questions.yaml"
WARM_UP = 20
CLIENTS = {1: 160, 8: 320}  # clients at once → questions


def golden_questions() -> list[str]:
    """Questions of people, none of them in the index word for word; each text once."""
    read = yaml.safe_load(QUESTIONS.read_text("utf-8"))
    return list(dict.fromkeys(question["text"] for question in read["questions"]))


def report(product: Product) -> str:
    """Measure, and tell; afterwards the hub remembers the vectors of all golden questions."""
    questions = golden_questions()
    warm_up, rest = questions[:WARM_UP], questions[WARM_UP:]
    drive(product.port, _asking("/api/v1/ask", warm_up), 1)
    ratios, absolute = [], []
    for clients, count in CLIENTS.items():
        asked, rest = rest[:count], rest[count:]
        first = drive(product.port, _asking("/api/v1/ask", asked), clients)
        answers = {question: answer[0] for question, answer in zip(asked, first.answers, strict=True)}
        again, echo = _alternately(product, asked, answers, clients)
        for title, ours in (("new question", first.sample), ("question asked before", again)):
            compared = Comparison(ours, echo)
            ratios.append(
                [f"{title}, {clients} client(s)", f"{compared.latency(50):.1f} ×", f"{compared.latency(95):.1f} ×",
                 f"{compared.throughput:.2f} ×"]
            )  # fmt: skip
        named = (("/ask, new question", first.sample), ("/ask, asked before", again), ("bare FastAPI", echo))
        absolute += [_row(f"{title}, {clients} client(s)", sample) for title, sample in named]
    drive(product.port, _asking("/api/v1/ask", rest), 1)
    return "\n\n".join(
        [
            "## `/ask`",
            "The peer is a bare FastAPI route under the same uvicorn that gives back recorded answers of `/ask`, "
            "so both take and give the same bytes. A new question is encoded; one asked before has its vector at hand.",
            table(["against bare FastAPI", "p50", "p95", "queries/s"], ratios),
            table(["absolute", "p50 ms", "p95 ms", "queries/s", "requests"], absolute),
        ]
    )


def _asking(path: str, questions: Sequence[str]) -> list[list[bytes]]:
    return [[post(path, {"question": question})] for question in questions]


def _alternately(
    product: Product, asked: Sequence[str], answers: dict[str, Any], clients: int
) -> tuple[Sample, Sample]:
    """`/ask` with remembered vectors and the echo, by turns, so that both see the same machine."""
    ours, peer = _asking("/api/v1/ask", asked), _asking("/echo", asked)
    with _echo(answers) as port:
        drive(port, peer[:WARM_UP], 1)
        echo = drive(port, peer, clients).sample
        again = drive(product.port, ours, clients).sample + drive(product.port, ours, clients).sample
        echo += drive(port, peer, clients).sample
    return again, echo


@contextmanager
def _echo(answers: dict[str, Any]) -> Iterator[int]:
    """The peer with these answers, running; its port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "answers.json"
        recorded.write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
        command = [sys.executable, "-m", "benchmarks.echo", str(port), str(recorded)]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    probe = [[post("/echo", {})]]
    while process.poll() is None and time.monotonic() < deadline:
        try:
            drive(port, probe, 1)
        except OSError:
            time.sleep(0.1)
        except RuntimeError:
            return  # 422: it is there
    raise RuntimeError("the echo server did not start")


def _row(title: str, sample: Sample) -> list[str]:
    return [
        title, f"{sample.milliseconds(50):.2f}", f"{sample.milliseconds(95):.2f}", f"{sample.per_second:.0f}",
        str(len(sample.latencies)),
    ]  # fmt: skip
