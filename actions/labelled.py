"""工资15000，从业人数10人，120平: numbers that say what they are, by the name before them or the unit behind them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from actions.fields import is_count, is_text, names_of
from actions.hearing import Heard
from actions.wording import asks
from hub.kit.taxtext import NUMBER, counts_in, normalise, without_denied
from hub.skills import question_of

_NUMBER = (
    r"[^\d,，。.;；、]{0,4}(\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,13}(?:\.\d{1,2})?)"
    r"(?!\d|[.,]\d|\s?[%年月日号个人次天期位张套平点])"
)
_COUNT = rf"[^\d,.;:、。]{{0,4}}?:?\s?(?P<bare>{NUMBER})(?P<unit>[^\d\s,.;:、。]{{0,3}})"
_ENDS = r"(?:金额|的|了|过|吧|哦|呢|哈)*(?=$|[\s,.;!?、。])"
_NONE = (
    rf"(?:没有?|无|未)(?:开具?|发生|任何)?过?{{word}}{_ENDS}|"
    rf"{{word}}(?:金额)?(?:都|也|是|就|为)?(?:没有?|没开|没发生|无|零){_ENDS}"
)
_OTHER_UNIT = re.compile(r"[%年月日号个人次天期位张套平点块元万亿千百]")
_BEHIND = r"\s?(?P<says_so>(?:应该)?是|叫|为|:|改成|改为)?\s?(?P<value>.+)"
_GOES_ON = re.compile(r"[和与及或也都不没要需怎填写忘错改有的]")
"""What a sentence goes on with that speaks of a field without saying its value ("姓名和身份证号码都有")."""


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


def labelled_none(heard: Heard, found: Mapping[str, str]) -> dict[str, str]:
    """没有专票: nothing, for amounts of which there may be none."""
    standing, text = heard.standing, normalise(heard.said.without_entities())
    form = standing.skill.form
    amounts = [name for name in form.model_fields if question_of(form, name).may_be_none and name not in found]
    words = sorted(((word, name) for name in amounts for word in names_of(question_of(form, name))), key=_longest)
    values: dict[str, str] = {}
    for word, name in words:
        if name not in values and re.search(_NONE.format(word=re.escape(word)), text):
            values[name] = "0"
        text = text.replace(word, " " * len(word))
    return standing.valid(values)


def counted_numbers(heard: Heard, found: Mapping[str, str]) -> dict[str, str]:
    """Numbers of things by field; a name before the number counts first, then a unit that only one field has."""
    form, text = heard.standing.skill.form, without_denied(normalise(heard.said.without_entities()))
    fields = [name for name in form.model_fields if is_count(form, name) and name not in found]
    words = sorted(((word, name) for name in fields for word in names_of(question_of(form, name))), key=_longest)
    values: dict[str, str] = {}
    for word, name in words:
        behind = re.search(re.escape(word) + _COUNT, text) if name not in values else None
        if behind and (value := _meant(heard, name, behind["bare"], behind["unit"])):
            values[name] = value
            text = text[: behind.start()] + " " * len(behind[0]) + text[behind.end() :]
    for name in fields:
        if name not in values:
            values |= _by_unit(heard, name, [other for other in fields if other != name], text)
    return values


def _meant(heard: Heard, name: str, bare: str, unit: str) -> str | None:
    """The number behind a name as the form reads it: with what follows, or without where that is no other unit."""
    texts = [bare + unit, *([] if _OTHER_UNIT.match(unit) else [bare])]
    return next((text for text in texts if name in heard.standing.valid({name: text})), None)


def _by_unit(heard: Heard, name: str, others: list[str], text: str) -> dict[str, str]:
    form = heard.standing.skill.form
    units = set(question_of(form, name).units) - {unit for other in others for unit in question_of(form, other).units}
    counted = {text[start:end] for start, end, _ in counts_in(text, sorted(units))}
    return heard.standing.valid({name: counted.pop()}) if len(counted) == 1 else {}


def labelled_texts(heard: Heard, found: Mapping[str, str]) -> dict[str, str]:
    """Free text by field, where a part of the sentence is nothing but a field's name and its value."""
    standing, text = heard.standing, normalise(heard.said.without_entities())
    if asks(text):
        return {}
    form, values = standing.skill.form, dict[str, str]()
    names = [word for name in form.model_fields for word in names_of(question_of(form, name))]
    for part in re.split(r"[,.;!?、。]", text):
        for name in form.model_fields:
            if name in found or name in values or not is_text(form, name):
                continue
            words = "|".join(map(re.escape, names_of(question_of(form, name))))
            told = re.fullmatch(rf"\s*(?:我的|本人)?(?:{words}){_BEHIND}", part)
            if not told or any(word in told["value"] for word in names):
                continue
            if (told["says_so"] or not _GOES_ON.match(told["value"])) and name in standing.valid({name: told["value"]}):
                values[name] = told["value"]
    return values


def _longest(item: tuple[str, str]) -> int:
    return -len(item[0])
