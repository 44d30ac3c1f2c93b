"""What a message means for a form that is being filled in: new values, corrections, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from actions.fields import WEAK_KINDS, Checked, check, kind_of, mentioned, names_of, shown, summary
from actions.turns import Said
from hub.kit.taxtext import Entity, normalise
from hub.skills import Skill, question_of

CONFIRM = "confirm"
ASIDE_INTENTS = frozenset(
    {
        "ask_question", "cancel", "talk_to_human", "greet", "thank", "goodbye", "bot_challenge", "ask_capabilities",
        "repeat", "resume",
    }
)  # fmt: skip
"""What a message without values for the form may be: the generated rules answer it and come back to the form."""

CONFIRM_OR_CORRECT = "请回复“确认”提交，或者告诉我要改哪一项。"

_MISTAKEN = re.compile(r"(?:说|填|写|输|打|搞|弄|记|发|报)错")
_CHANGED = re.compile(
    r"错了|不对|改成|改为|改一?下|改正|更正|更改|修改|换成|重新?(?:填|输|说)|应该是|应为|才对|不是.+是"
)
_WAY_OUT = {
    "talk_to_human": re.compile(r"人工|坐席|客服|真人|活人"),
    "cancel": re.compile(r"取消|不(?:查|办|填|弄|用)|算了|退出|停|放弃|结束"),
}
_ATTEMPT = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z](?: ?[0-9A-Za-z]){6,}")
_DIGITS_OF_ATTEMPT = 7
_LABEL_REACH = 10


@dataclass(slots=True)
class Reading:
    """What to do with a message. `aside`: it holds nothing for the form, the dialogue rules shall deal with it."""

    values: dict[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unclear: str | None = None
    confirmed: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Standing:
    """Where a form stands: the canonical values known, and the field that was asked for last (`confirm` at the end)."""

    skill: Skill
    known: Mapping[str, str]
    requested: str | None
    starting: bool = False

    @property
    def needed(self) -> list[str]:
        """What the act needs, given what is known."""
        return self.skill.required_fields(self.known)

    def label(self, name: str) -> str:
        """What a field is called."""
        return question_of(self.skill.form, name).label

    def labels(self) -> list[str]:
        """Every word for every field."""
        form = self.skill.form
        return [word for name in form.model_fields for word in names_of(question_of(form, name))]


def read(standing: Standing, said: Said, skill_names: Iterable[str]) -> Reading:
    """Read a message; everything in it is taken at once."""
    form, requested = standing.skill.form, standing.requested
    if said.command:
        return _pressed(standing, said)
    asked = requested if requested in form.model_fields else None
    if asked and not question_of(form, asked).interruptible and not _settled(said):
        return _applied(standing, check(form, {asked: said.text}, standing.known), asked)
    if not standing.starting and _leaves(said):
        return Reading(aside=True)
    mostly = said.mostly(standing.labels())
    asks = said.asks and not mostly
    corrects = not standing.starting and _corrects(said, asks=asks)
    candidates = _candidates(standing, said, asks=asks, mostly=mostly, corrects=corrects)
    if corrects and (reading := _without_new_value(standing, said, candidates)):
        return reading
    if candidates:
        reading = _applied(standing, check(form, candidates, standing.known), asked)
        if asked and asked not in reading.values and (other := _other_amount(standing, said, asked)):
            reading.notes.append(other)
            reading.unclear = asked
        if reading.values or reading.notes:
            return reading
    return _without_values(standing, said, asked, asks=asks, skill_names=skill_names)


def _without_values(
    standing: Standing, said: Said, asked: str | None, *, asks: bool, skill_names: Iterable[str]
) -> Reading:
    """Nothing in it fits a field: small talk, a question, a verdict on the whole, or an answer that is of no use."""
    if standing.starting:
        return Reading()
    confirming = standing.requested == CONFIRM
    if confirming and said.intent in ("affirm", "deny"):
        return _verdict(standing, said.intent)
    if asks or said.intent in ASIDE_INTENTS or said.intent in skill_names:
        return Reading(aside=True)
    if said.intent == "affirm":
        return Reading()
    if asked is None:
        return Reading(notes=[CONFIRM_OR_CORRECT] if confirming else [], unclear=CONFIRM)
    return _applied(standing, check(standing.skill.form, {asked: said.text}, standing.known), asked)


def _pressed(standing: Standing, said: Said) -> Reading:
    """A button: it carries an intent and never a value."""
    if standing.starting:
        return Reading()
    if standing.requested == CONFIRM and said.intent in ("affirm", "deny"):
        return _verdict(standing, said.intent)
    if said.intent == "correct" and standing.known:
        return Reading(notes=[_how_to_correct(standing)])
    return Reading(aside=True)


def _verdict(standing: Standing, intent: str) -> Reading:
    if intent == "affirm":
        return Reading(confirmed=True)
    return Reading(notes=[_how_to_correct(standing)])


def _settled(said: Said) -> bool:
    """Whether a control word was said and nothing else; the only thing that interrupts free prose."""
    return said.confidence >= 1.0 and said.intent in _WAY_OUT


def _leaves(said: Said) -> bool:
    wording = _WAY_OUT.get(said.intent)
    return bool(wording and wording.search(said.text))


def _corrects(said: Said, *, asks: bool) -> bool:
    if _MISTAKEN.search(said.text) or (said.text.startswith("不是") and said.entities):
        return True
    return not asks and (said.intent == "correct" or bool(_CHANGED.search(said.text)))


def _candidates(standing: Standing, said: Said, *, asks: bool, mostly: bool, corrects: bool) -> dict[str, str]:
    """Values for fields, as far as the message gives them; none of them checked yet."""
    form, asked = standing.skill.form, standing.requested
    asked = asked if asked in form.model_fields and asked not in standing.known else None
    if _other_amount(standing, said, asked):
        return _by_entity(standing, said, list(said.entities), corrects=corrects)
    if asked and mostly and len(said.entities) <= 1 and not corrects and asked in _valid(standing, {asked: said.text}):
        return {asked: said.text}
    entities = [entity for entity in said.entities if not asks or entity.kind not in WEAK_KINDS]
    found = _by_entity(standing, said, entities, corrects=corrects)
    if not asks:
        found |= _by_choice(standing, said.text, found)
        if corrects and not found:
            found |= _by_name(standing, said)
    if asked and asked not in found and not asks and not corrects and question_of(form, asked).entity:
        rest = said.without_entities()
        if re.search(r"\d", rest) and asked in _valid(standing, {asked: rest}):
            found[asked] = rest
    if not found:
        found |= _attempt(standing, said, asked)
    return found


def _valid(standing: Standing, candidates: Mapping[str, str]) -> dict[str, str]:
    return check(standing.skill.form, candidates, standing.known).values


def _by_entity(standing: Standing, said: Said, entities: list[Entity], *, corrects: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for entity in entities:
        name = _field_for(standing, said, entity, found, corrects=corrects)
        if name is None:
            continue
        if name in found and not corrects:
            continue  # the first counts, unless somebody corrects himself in one sentence
        alone = len(entities) == 1
        stray = entity.kind in WEAK_KINDS and not alone and not corrects and not _labelled(standing, said, entity)
        if name in standing.known and stray and not standing.starting:
            continue
        found[name] = entity.value
    return found


def _field_for(
    standing: Standing, said: Said, entity: Entity, found: Mapping[str, str], *, corrects: bool
) -> str | None:
    """The field that a recognised thing is meant for: by its name in front of it, else by what is asked or missing."""
    form = standing.skill.form
    suitable = [name for name in form.model_fields if question_of(form, name).entity == kind_of(entity.kind)]
    called = _labelled(standing, said, entity)
    suitable = [name for name in suitable if name in called] or suitable
    taken = {**standing.known, **found}
    needed = [name for name in standing.skill.required_fields(taken) if name in suitable]
    missing = [name for name in needed if name not in taken]
    if standing.requested in missing:
        return standing.requested
    if corrects and len(needed) == len(missing) and (known := [name for name in suitable if name in standing.known]):
        return known[0]
    return next(iter([*missing, *needed, *[name for name in suitable if name not in taken], *suitable]), None)


def _labelled(standing: Standing, said: Said, entity: Entity) -> list[str]:
    """Fields of the entity's kind whose name stands closely before it."""
    form = standing.skill.form
    before = max((other.end for other in said.entities if other.end <= entity.start), default=0)
    words = said.text[max(before, entity.start - _LABEL_REACH) : entity.end]
    suitable = [name for name in form.model_fields if question_of(form, name).entity == kind_of(entity.kind)]
    return mentioned(form, words, suitable)


def _by_choice(standing: Standing, text: str, found: Mapping[str, str]) -> dict[str, str]:
    """Fields with a few choices, where the text names one of them."""
    form, chosen = standing.skill.form, {}
    for name in form.model_fields:
        question = question_of(form, name)
        if not question.choices or question.entity or name in found or name in standing.known:
            continue
        exact = next(
            (choice.value for choice in question.choices if text in (choice.value, normalise(choice.title))), text
        )
        if name in _valid(standing, {name: exact}):
            chosen[name] = exact
    return chosen


def _by_name(standing: Standing, said: Said) -> dict[str, str]:
    """金额改成2260: a bare value for the field that is called by its name."""
    form = standing.skill.form
    names = mentioned(form, said.text, dict.fromkeys([*standing.needed, *standing.known]))
    after = re.split(r"改成|改为|换成|应该是|应为|是", said.text)[-1]
    for name in names:
        if after != said.text and name in _valid(standing, {name: after}):
            return {name: after}
    return {}


def _attempt(standing: Standing, said: Said, asked: str | None) -> dict[str, str]:
    """A long number that is nothing we know: most likely the identifier that is wanted, mistyped."""
    form = standing.skill.form
    runs = (found[0] for found in _ATTEMPT.finditer(said.without_entities()))
    run = next((run for run in runs if sum(map(str.isdigit, run)) >= _DIGITS_OF_ATTEMPT), None)
    wanted = [asked] if asked else [name for name in standing.needed if name not in standing.known]
    for name in wanted:
        if run and question_of(form, name).entity not in (None, *WEAK_KINDS):
            return {name: run}
    return {}


def _other_amount(standing: Standing, said: Said, asked: str | None) -> str | None:
    """An amount was given, by its name another one than the form asks for."""
    form = standing.skill.form
    kind = question_of(form, asked).entity if asked else None
    if asked is None or kind is None:
        return None
    for entity in said.entities:
        called = _labelled(standing, said, entity) if entity.kind == kind else []
        if called and asked not in called:
            return f"您说的是{standing.label(called[0])}，这里需要的是{standing.label(asked)}。"
    return None


def _without_new_value(standing: Standing, said: Said, candidates: Mapping[str, str]) -> Reading | None:
    """A correction that does not say what is right: the field is asked for again."""
    valid = _valid(standing, candidates)
    if any(standing.known.get(name) != value for name, value in valid.items()):
        return None
    if set(candidates) - set(valid):
        return None  # something was given and is wrong: its own words say why
    named = [name for name in mentioned(standing.skill.form, said.text, standing.known)]
    wrong = list(valid) or named or (list(standing.known) if len(standing.known) == 1 else [])
    if len(wrong) >= 1:
        name = wrong[-1]
        return Reading(values={name: None}, notes=[f"好的，重新填写{standing.label(name)}。"])
    return Reading(notes=[_how_to_correct(standing)]) if standing.known else None


def _how_to_correct(standing: Standing) -> str:
    form = standing.skill.form
    example = standing.label(next(iter(standing.known)))
    lines = summary(form, standing.known, form.model_fields)
    return f"已填写：\n{lines}\n要改哪一项，直接说就行，例如“{example}改成……”。"


def _applied(standing: Standing, checked: Checked, asked: str | None) -> Reading:
    """The values that are valid, in words where they replace others; and what is wrong with the rest."""
    form, known = standing.skill.form, standing.known
    reading = Reading(values={name: value for name, value in checked.values.items() if known.get(name) != value})
    changed = [name for name in reading.values if name in known]
    after = {**known, **checked.values}
    needed = standing.skill.required_fields(after)
    if changed and not standing.starting:
        told = "，".join(f"{standing.label(name)}改为{shown(form, name, checked.values[name])}" for name in changed)
        reading.notes.append(f"已把{told}。")
        stale = [name for name in standing.needed if name in known and name not in needed]
        reading.values |= dict.fromkeys(stale)
    for name, words in checked.problems.items():
        if name == asked or name in needed:
            reading.notes.append(words)
            reading.unclear = reading.unclear or name
            if name in known:
                reading.values[name] = None
    return reading
