"""Compares ways of classifying intents on sentences that no example was written from: accuracy, F1, messages/s."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import yaml

from bot.dialogue.builder import examples_by_intent
from bot.dialogue.launcher import server_command, server_environment
from bot.dialogue.mapper import text_for_rasa
from bot.dialogue.trainer import TrainingFailed, environment, python, run_rasa
from hub.settings import ROOT, Settings

HELD_OUT = (Path("tests/golden/nlu_heldout.yaml"), Path("tests/golden/nlu_heldout_services.yaml"))
QUESTION = "ask_question"
ANY_ACT = "(any act)"
COMPONENTS = "bot.dialogue.components"
NGRAMS = {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4}
WORDS = {"name": "CountVectorsFeaturizer"}
VECTORS = {"name": f"{COMPONENTS}.word_vectors.WordVectors"}
ENCODER = {"name": f"{COMPONENTS}.sentence_encoder.SentenceEncoder"}
LINEAR = {"name": "LogisticRegressionClassifier", "max_iter": 200, "ranking_length": 3}
DIET = {"name": "DIETClassifier", "epochs": 40, "entity_recognition": False, "constrain_similarities": True}
# what stands between recognition and the arbiter
PIPELINES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "diet": (WORDS, NGRAMS, DIET),
    "ngrams": (NGRAMS, LINEAR),
    "ngrams+words": (NGRAMS, VECTORS, LINEAR),
    "encoder": ({**ENCODER, "weight": 30.0}, LINEAR),
    "ngrams+encoder": (NGRAMS, ENCODER, LINEAR),
}
SMALL_TALK = ("你好", "谢谢", "你是机器人吗", "你能做什么", "再见", "多谢老师", "您好在吗", "有什么功能")
SECONDS = 8.0
CLIENTS = (1, 8)
SENDER_PREFIX = "measure-"


@dataclass(frozen=True, slots=True)
class Score:
    """What one pipeline achieved; `unseen` leaves out short phrases that happen to be example sentences too."""

    name: str
    accuracy: float
    unseen: float
    macro_f1: float
    how_or_do: float
    train_seconds: float
    messages_per_second: Mapping[int, float]
    cpu_milliseconds: float


def run(
    settings: Settings, names: Sequence[str] | None = None, *, speed: bool = True, encoder: Path | None = None
) -> str:
    """A Markdown table of the named pipelines (all that can run, when none is named)."""
    chosen = list(names or [name for name in PIPELINES if encoder or ENCODER["name"] not in str(PIPELINES[name])])
    lines = [
        "| pipeline | accuracy | unseen | macro F1 | how/do | training | msg/s ×1 | msg/s ×8 | CPU ms/msg |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in chosen:
        score = measure(settings, name, speed=speed, encoder=encoder)
        rates = " | ".join(f"{score.messages_per_second[clients]:.0f}" if speed else "–" for clients in CLIENTS)
        cost = f"{score.cpu_milliseconds:.1f}" if speed else "–"
        lines.append(
            f"| {name} | {score.accuracy:.3f} | {score.unseen:.3f} | {score.macro_f1:.3f} | {score.how_or_do:.3f} "
            f"| {score.train_seconds:.0f} s | {rates} | {cost} |"
        )
    return "\n".join(lines)


def measure(settings: Settings, name: str, *, speed: bool, encoder: Path | None) -> Score:
    """Train the pipeline and try it out.

    Raises `TrainingFailed`.
    """
    sentences, pairs = held_out(ROOT)
    extra = {"PYTHONPATH": os.pathsep.join([str(ROOT), *([str(encoder)] if encoder else [])])}
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        model = _train(name, Path(folder), {**environment(settings), **extra})
        train_seconds = time.monotonic() - started
        predicted = _predict(model, [text for text, _ in (*sentences, *pairs)], {**environment(settings), **extra})
        rates: dict[int, float] = {}
        cpu = 0.0
        if speed:
            with _server(settings, model, extra) as process:
                before = _cpu_seconds(process.pid)
                rates = {clients: _rate(settings, clients) for clients in CLIENTS}
                cpu = (_cpu_seconds(process.pid) - before) * 1000 / (sum(rates.values()) * SECONDS)
    truth = [intent for _, intent in sentences]
    guesses, pair_guesses = predicted[: len(sentences)], predicted[len(sentences) :]
    learnt = {text for texts in examples_by_intent(ROOT).values() for text in texts}
    unseen = [number for number, (text, _) in enumerate(sentences) if text not in learnt]
    return Score(
        name,
        accuracy(truth, guesses),
        accuracy([truth[number] for number in unseen], [guesses[number] for number in unseen]),
        macro_f1(truth, guesses),
        how_or_do(pairs, pair_guesses),
        train_seconds,
        rates,
        cpu,
    )


def held_out(root: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Sentences with their intents, and the pairs that differ only in asking how against asking to do."""
    sentences: list[tuple[str, str]] = []
    pairs: list[tuple[str, str]] = []
    for path in HELD_OUT:
        content = yaml.safe_load((root / path).read_text(encoding="utf-8"))
        sentences += [(text, intent) for intent, texts in content["heldout"].items() for text in texts]
        pairs += [
            (pair[side], QUESTION if side == "how" else ANY_ACT) for pair in content["how_or_do"] for side in pair
        ]
    return sentences, pairs


def how_or_do(pairs: Sequence[tuple[str, str]], guesses: Sequence[str]) -> float:
    """The share of sentences of the pairs that were taken for a question, or for something to do, as they are."""
    asked = [guess in (QUESTION, "nlu_fallback") for guess in guesses]
    return sum((intent == QUESTION) == asks for (_, intent), asks in zip(pairs, asked, strict=True)) / len(pairs)


def accuracy(truth: Sequence[str], guesses: Sequence[str]) -> float:
    """The share of right guesses."""
    return sum(right == guess for right, guess in zip(truth, guesses, strict=True)) / len(truth)


def macro_f1(truth: Sequence[str], guesses: Sequence[str]) -> float:
    """The mean over intents of F1, so that small intents count as much as large ones."""
    scores = []
    for intent in sorted(set(truth)):
        hits = sum(right == guess == intent for right, guess in zip(truth, guesses, strict=True))
        scores.append(2 * hits / ((truth.count(intent) + list(guesses).count(intent)) or 1))
    return sum(scores) / len(scores)


def _train(name: str, folder: Path, env: Mapping[str, str]) -> Path:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    own = [
        part
        for part in config["pipeline"]
        if part["name"].startswith(COMPONENTS) and "word_vectors" not in part["name"]
    ]
    tokenizer, fallback = config["pipeline"][0], config["pipeline"][-1]
    config["pipeline"] = [tokenizer, own[0], *[dict(part) for part in PIPELINES[name]], *own[1:], fallback]
    (folder / "config.yml").write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    arguments = [
        "train",
        "--config",
        str(folder / "config.yml"),
        "--domain",
        "bot/dialogue/domain",
        "--data",
        "training_data",
    ]
    result = run_rasa([*arguments, "--out", str(folder), "--fixed-model-name", "model"], env)
    model = folder / "model.tar.gz"
    if not model.exists():
        raise TrainingFailed(f"{name}: {(result.stdout + result.stderr)[-2000:]}")
    return model


def _predict(model: Path, texts: Sequence[str], env: Mapping[str, str]) -> list[str]:
    command = [str(python()), "-m", f"{COMPONENTS}.predictions", str(model)]
    lines = "\n".join(json.dumps(text_for_rasa(text)) for text in texts)  # as the hub hands them on
    result = subprocess.run(command, cwd=ROOT, env=dict(env), input=lines, capture_output=True, text=True, check=True)
    marked = [line.removeprefix("PREDICTED ") for line in result.stdout.splitlines() if line.startswith("PREDICTED ")]
    return [json.loads(line)[0] for line in marked]


@contextmanager
def _server(settings: Settings, model: Path, extra: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    env = {**server_environment(settings), **extra}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(server_command(settings, model), cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _wait_until_up(settings, process)
            yield process
        finally:
            process.terminate()
            process.wait(20)
            with psycopg.connect(settings.dsn, autocommit=True) as connection:
                connection.execute("delete from dialogue_tracker where sender_id like %s", (SENDER_PREFIX + "%",))


def _wait_until_up(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise TrainingFailed("Rasa 服务没有启动")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", settings.dialogue_port, timeout=2)
            connection.request("GET", "/")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise TrainingFailed("Rasa 服务没有在两分钟内就绪")


def _cpu_seconds(process_id: int) -> float:
    """What a process has cost so far; unlike messages per second it does not depend on what else the machine does."""
    fields = Path(f"/proc/{process_id}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rate(settings: Settings, clients: int) -> float:
    def talk(client: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", settings.dialogue_port, timeout=30)
        path = "/webhooks/rest/webhook?" + urlencode({"token": settings.dialogue_token.get_secret_value()})
        turns, end = 0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            sender = f"{SENDER_PREFIX}{client}-{turns // 10}"  # conversations of ten turns
            body = {"sender": sender, "message": SMALL_TALK[turns % len(SMALL_TALK)]}
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            replies = json.loads(connection.getresponse().read())
            if not replies:
                raise TrainingFailed("Rasa 没有回答")
            turns += 1
        return turns

    with ThreadPoolExecutor(clients) as pool:
        return sum(pool.map(talk, range(clients))) / SECONDS
