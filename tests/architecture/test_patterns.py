"""No text that somebody types can make one of our regular expressions run away.

One that tries the same stretch of text in more and more ways holds its thread for minutes or for ever, and no time
limit ends it, since the engine never looks up.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest
from regexploit.ast.sre import SreOpParser
from regexploit.redos import find

from hub.kit.taxtext.amounts import amounts_in

ROOMS = ("hub", "bot", "knowledge_base", "actions", "services", "channels")
OTHER_ENVIRONMENT = "bot.dialogue.components."  # runs beside Rasa; its texts are parsed by hub.kit.taxtext
SQUARE = 2  # that many stretches may compete: twice the text takes four times as long, and texts are short


def _modules() -> Iterator[str]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for found in pkgutil.walk_packages(package.__path__, room + "."):
            if not found.name.startswith((OTHER_ENVIRONMENT, "hub.migrations.")) and not found.name.endswith(
                "__main__"
            ):
                yield found.name


def _patterns(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _patterns(part)


def worst(pattern: re.Pattern[str]) -> int:
    """How many stretches of a pattern compete for the same text."""
    return max((found.starriness for found in find(SreOpParser().parse_sre(pattern.pattern, pattern.flags))), default=0)


def test_the_check_finds_what_it_is_for() -> None:
    assert worst(re.compile(r"万(?:\d+千?)*$")) > SQUARE
    assert worst(re.compile(r"a\s*b?\s*c?\s*d")) > SQUARE


def test_no_pattern_runs_away() -> None:
    seen = 0
    for name in _modules():
        for key, value in vars(importlib.import_module(name)).items():
            for pattern in _patterns(value):
                seen += 1
                assert worst(pattern) <= SQUARE, f"{name}.{key}"
    assert seen > 80


@pytest.mark.timeout(20)
def test_many_digits_after_a_scale_are_read_at_once() -> None:
    assert list(amounts_in("26322000000000001130亿" * 3)) == []
    assert [str(value) for _, _, value in amounts_in("金额1万2千3百和1万2")] == ["12300.00", "12000.00"]
