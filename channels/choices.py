"""Buttons where there are none: choices with a number or a letter, and finding the button that an answer means."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

from channels.base import Button
from hub.kit.taxtext import normalise
from hub.skills import question_of
from services.registry import skill_by_name

_ROUND = "①②③④⑤⑥⑦⑧⑨⑩"
_AROUND = " \t\r\n.。、,，)）(（"


def buttons_of(payload: Mapping[str, Any]) -> tuple[Button, ...]:
    """The buttons of a message, as it is stored."""
    return tuple(Button(str(one["title"]), str(one["payload"])) for one in payload.get("buttons") or ())


def labels(payload: Mapping[str, Any], most: int) -> list[str]:
    """What the first `most` choices of a message are called.

    Numbers, unless the message asks for a value that is none of them: there "2" may be the answer, so they get letters.
    """
    count = min(len(buttons_of(payload)), most)
    if _asks_for_value(payload):
        return list(string.ascii_uppercase[:count])
    return [str(number) for number in range(1, count + 1)]


def chosen(payload: Mapping[str, Any], text: str, most: int) -> Button | None:
    """The button that an answer to this message means by its label; None when the answer is just text."""
    said = _plain(text)
    names = labels(payload, most)
    return buttons_of(payload)[names.index(said)] if said in names else None


def titled(payload: Mapping[str, Any], text: str) -> Button | None:
    """The button whose title somebody typed."""
    said = _plain(text)
    return next((one for one in buttons_of(payload) if _plain(one.title) == said), None) if said else None


def newest_offer(messages: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the payloads of what was said since the person spoke last, newest first: the one that offers choices."""
    return next((payload for payload in messages if payload.get("buttons")), None)


def _plain(text: str) -> str:
    said = normalise(text).strip(_AROUND).upper()
    if len(said) == 1 and said in _ROUND:
        return str(_ROUND.index(said) + 1)
    return said.lstrip("0") if said.isascii() and said.isdigit() else said


def _asks_for_value(payload: Mapping[str, Any]) -> bool:
    """Whether the message asks for a field of a form whose values are not the choices offered with it."""
    skill, awaits = payload.get("skill"), payload.get("awaits")
    if not (skill and awaits):
        return False
    try:
        question = question_of(skill_by_name(str(skill)).form, str(awaits))
    except LookupError:
        return False
    return not (question.choices or question.options)
