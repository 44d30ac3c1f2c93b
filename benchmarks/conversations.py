"""Turns of conversation through the hub beside the same turns said to the same Rasa directly.

Rasa's action webhook is in the hub for both, so the difference is what the hub adds: the door, the token, both
transactions, the lock, encryption and news.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import uuid4

from benchmarks import processes
from benchmarks.ask import golden_questions
from benchmarks.figures import Comparison, Sample, Target, table
from benchmarks.load import Round, drive, post
from tests.product import Product

CLIENTS = {1: 10, 8: 24, 32: 32}  # clients at once → conversations a round
ROUNDS = ("peer", "ours", "ours", "peer")  # by turns, so that a machine that slows down slows both
ASKING = ("ask_question", "nlu_fallback")
P50_AT_1, THROUGHPUT_AT_8 = 2.0, 0.6


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds with one number of clients."""

    compared: Comparison
    cpu: dict[str, dict[str, float]]
    same_replies: float
    generator: float


def texts(questions: Iterator[str]) -> list[str]:
    """One conversation: small talk, questions, a form begun, filled and left."""
    return [
        "你好", next(questions), next(questions), "我要查验一张发票", "26322000000000001130", "2026年9月3日",
        "不查了，取消", next(questions),
    ]  # fmt: skip


def report(product: Product) -> tuple[str, list[Target]]:
    """Measure, and tell; with the targets."""
    questions = _taken_for_questions(product, golden_questions())
    _say_all(product, [texts(cycle(questions))] * 4, "ours", 1)
    _say_all(product, [texts(cycle(questions))] * 4, "peer", 1)
    measured = {clients: _measure(product, questions, clients, count) for clients, count in CLIENTS.items()}
    targets = [
        Target("p50 of a turn against Rasa directly, 1 client:", measured[1].compared.latency(50), P50_AT_1, True),
        Target(
            "turns per second against Rasa directly, 8 clients:",
            measured[8].compared.throughput,
            THROUGHPUT_AT_8,
            False,
        ),
    ]
    ratios, absolute, cpu = [], [], []
    for clients, found in measured.items():
        compared = found.compared
        ratios.append(
            [f"{clients} client(s)", f"{compared.latency(50):.2f} ×", f"{compared.latency(95):.2f} ×",
             f"{compared.throughput:.2f} ×", f"{found.same_replies:.1%}", f"{found.generator:.0%}"]
        )  # fmt: skip
        for title, sample, side in (("hub", compared.ours, "ours"), ("Rasa directly", compared.peer, "peer")):
            absolute.append(_row(f"{title}, {clients} client(s)", sample))
            used = found.cpu[side]
            cells = [f"{used[name] * 1000:.1f}" for name in ("hub", "dialogue", "postgres")]
            cpu.append([f"{title}, {clients} client(s)", *cells, f"{sum(used.values()) * 1000:.1f}"])
    said = "\n\n".join(
        [
            "## Conversations",
            "Eight turns each: small talk, three questions, a form begun, filled and left. The peer is the same "
            "running Rasa, told the same texts under fresh senders at its REST door; tracker store, model and action "
            "webhook (in the hub) are the same. The vectors of the questions are at hand for both; encoding them would "
            "bring the ratios closer to 1.",
            table(["against Rasa directly", "p50", "p95", "turns/s", "same replies", "generator's CPU"], ratios),
            table(["absolute", "p50 ms", "p95 ms", "turns/s", "turns"], absolute),
            table(["CPU ms a turn", "hub", "dialogue", "postgres", "together"], cpu),
        ]
    )
    return said, targets


def _taken_for_questions(product: Product, candidates: Sequence[str]) -> list[str]:
    """Those that the model takes for questions: after a wish for a human the hub is silent, as it should be."""
    path = f"/model/parse?token={product.secrets['HUB_DIALOGUE_TOKEN']}"
    parsed = drive(product.dialogue_port, [[post(path, {"text": text})] for text in candidates], 1).answers
    return [text for text, [found] in zip(candidates, parsed, strict=True) if found["intent"]["name"] in ASKING]


def _measure(product: Product, questions: Sequence[str], clients: int, count: int) -> Measured:
    supply = cycle(questions)
    talks = [texts(supply) for _ in range(count)]
    rounds: dict[str, list[Round]] = {"ours": [], "peer": []}
    cpu = {"ours": dict.fromkeys(processes.PROGRAMS, 0.0), "peer": dict.fromkeys(processes.PROGRAMS, 0.0)}
    for side in ROUNDS:
        scripts = _scripts(product, talks, side)
        before = processes.cpu_seconds(product)
        rounds[side].append(drive(_port(product, side), scripts, clients))
        after = processes.cpu_seconds(product)
        turns = sum(map(len, talks)) * ROUNDS.count(side)
        for name in cpu[side]:
            cpu[side][name] += (after[name] - before[name]) / turns
    same = [
        ours == peer
        for ours_round, peer_round in zip(rounds["ours"], rounds["peer"], strict=True)
        for ours, peer in zip(_said(ours_round, "ours"), _said(peer_round, "peer"), strict=True)
    ]
    generator = max(found.cpu for both in rounds.values() for found in both)
    return Measured(
        Comparison(_together(rounds["ours"]), _together(rounds["peer"])), cpu, sum(same) / len(same), generator
    )


def _together(rounds: Sequence[Round]) -> Sample:
    first, *others = (found.sample for found in rounds)
    for other in others:
        first += other
    return first


def _port(product: Product, side: str) -> int:
    return product.port if side == "ours" else product.dialogue_port


def _say_all(product: Product, talks: Sequence[Sequence[str]], side: str, clients: int) -> None:
    drive(_port(product, side), _scripts(product, talks, side), clients)


def _scripts(product: Product, talks: Sequence[Sequence[str]], side: str) -> list[list[bytes]]:
    """The requests of fresh conversations in which these texts are said."""
    if side == "ours":
        return [_to_hub(product, talk) for talk in talks]
    return [_to_rasa(product.secrets["HUB_DIALOGUE_TOKEN"], talk) for talk in talks]


def _to_hub(product: Product, talk: Sequence[str]) -> list[bytes]:
    with product.client() as http:
        made = http.post("/api/v1/conversations", json={"consent": True}).raise_for_status().json()
    path = f"/api/v1/conversations/{made['conversation_id']}/messages"
    return [post(path, {"text": text, "client_message_id": uuid4().hex}, made["token"]) for text in talk]


def _to_rasa(token: str, talk: Sequence[str]) -> list[bytes]:
    sender = str(uuid4())
    path = f"/webhooks/rest/webhook?token={token}"
    return [
        post(path, {"sender": sender, "message": text, "metadata": {"message_id": str(uuid4()), "trace_id": uuid4().hex,
                                                                     "channel": "web"}})
        for text in talk
    ]  # fmt: skip


def _said(found: Round, side: str) -> list[list[str]]:
    """What was replied to each turn, in order; nothing said is an error, however fast it was."""
    turns = [_texts(answer, side) for answers in found.answers for answer in answers]
    if not all(turns):
        raise RuntimeError(f"{turns.count([])} turns of {side} were answered with silence")
    return turns


def _texts(answer: Any, side: str) -> list[str]:
    if side == "ours":
        return [message["text"] for message in answer["messages"]]
    return [text for reply in answer if (text := reply.get("text") or (reply.get("custom") or {}).get("text"))]


def _row(title: str, sample: Sample) -> list[str]:
    return [
        title, f"{sample.milliseconds(50):.1f}", f"{sample.milliseconds(95):.1f}", f"{sample.per_second:.1f}",
        str(len(sample.latencies)),
    ]  # fmt: skip
