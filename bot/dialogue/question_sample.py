"""Questions of the knowledge base as examples of what a question sounds like, for the intent classifier.

Which intent a sentence has must not depend on every edit of an entry, so the sample is drawn by command and committed;
`hub dialogue questions` draws it anew when topics have been added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from bot.dialogue import builder
from knowledge_base.evaluation.crossfit import off_topic
from knowledge_base.ingest.content import read_content

FILE = Path("training_data/nlu/knowledge_questions.yml")
PER_ENTRY = 1
_HEADER = "# Drawn from the knowledge base by `hub dialogue questions`; off-topic sentences are questions too.\n"


def draw(root: Path) -> tuple[Path, int]:
    """Write the sample; where, and how many sentences.

    Raises `ContentError` when the content has problems.
    """
    (root / FILE).unlink(missing_ok=True)
    taken = {text for texts in builder.examples_by_intent(root).values() for text in texts}
    drawn = dict.fromkeys(sentence.strip() for sentence in _sentences())
    sentences = [sentence for sentence in drawn if sentence not in taken]
    examples = "".join(f"- {sentence}\n" for sentence in sentences)
    content = {"version": "3.1", "nlu": [{"intent": "ask_question", "examples": _Block(examples)}]}
    path = root / FILE
    path.write_text(_HEADER + yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False), "utf-8")
    return path, len(sentences)


def _sentences() -> Iterable[str]:
    for found in read_content().entries:
        yield from _some(found.entry.questions)
    yield from off_topic()


def _some(questions: Sequence[str]) -> Sequence[str]:
    """Some of an entry's questions: any, but the same ones until they are changed."""
    return sorted(questions, key=lambda text: hashlib.sha256(text.encode()).digest())[:PER_ENTRY]


class _Block(str):
    """A text that YAML writes as a block, as Rasa wants its examples."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Knows how to write a block."""


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)
