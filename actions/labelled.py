"""工资15000，社保2000: plain numbers that stand right behind the name of the amount that they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actions.fields import names_of
from actions.hearing import Heard
from hub.skills import question_of

_NUMBER = (
    r"[^\d,，。.;；、]{0,4}(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,13}(?:\.\d{1,2})?)"
    r"(?!\d|[.,]\d|\s?[%年月日号个人次天期位张套平点])"
)


def labelled_numbers(heard: Heard, found: Mapping[str, str]) -> dict[str, str]:
    """Amounts by field; the longest name counts first, since 工资 is part of 累计工资."""
    form, text = heard.standing.skill.form, heard.said.without_entities()
    amounts = [name for name in form.model_fields if question_of(form, name).entity == "amount" and name not in found]
    words = sorted(((word, name) for name in amounts for word in names_of(question_of(form, name))), key=_longest)
    values: dict[str, str] = {}
    for word, name in words:
        if name not in values and (behind := re.search(re.escape(word) + _NUMBER, text)):
            values[name] = behind[1].replace(",", "")
            text = text[: behind.start()] + " " * len(behind[0]) + text[behind.end() :]
        text = text.replace(word, " " * len(word))
    return heard.standing.valid(values)


def _longest(item: tuple[str, str]) -> int:
    return -len(item[0])
