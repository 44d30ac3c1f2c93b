"""What a message means for a form that is being filled in: new values, corrections, a question, or nothing at all.

The classifier's intent is one witness among others: what the message consists of counts more than what it is called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from actions.candidates import candidates_in, other_amount
from actions.hearing import CONFIRM, SURE, Heard, Standing
from actions.turns import Said
from actions.wording import LONG, MISTAKEN, SHORT, WAY_OUT
from hub.forms import Checked, check
from hub.kit.taxtext import normalise

CONFIRM_OR_CORRECT = "请回复“确认”提交，或者告诉我要改哪一项。"
GUESSED = 0.85
"""Below it the classifier's word for a few words that may be a name is a guess."""
ASIDE_INTENTS = frozenset(
    {
        "ask_question", "cancel", "talk_to_human", "greet", "thank", "goodbye", "bot_challenge", "ask_capabilities",
        "repeat", "resume", "explain_amount",
    }
)  # fmt: skip
"""What a message without values for the form may be: it is answered, and the form goes on (`actions/asides.py`)."""


@dataclass(slots=True)
class Reading:
    """What to do with a message.

    `aside`: it holds nothing for the form; `question`: it wants to know something, whatever the classifier called it.
    `cancels`: the form is given up in words that the classifier took for something else.
    `ask`: a field to be asked for, whether the act needs it or not; `lets_be`: it is not to be changed after all.
    """

    values: dict[str, str | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unclear: str | None = None
    confirmed: bool = False
    aside: bool = False
    question: bool = False
    cancels: bool = False
    ask: str | None = None
    lets_be: bool = False


def read(standing: Standing, said: Said, skill_names: Iterable[str]) -> Reading:
    """Read a message; everything in it is taken at once."""
    asked = standing.asked
    if said.command and said.handed and said.intent == standing.skill.name:
        return _handed(standing, said.handed)
    if said.command:
        return _pressed(standing, said)
    if asked and not standing.question(asked).interruptible and not (said.settled and said.intent in WAY_OUT):
        return _applied(standing, standing.checked({asked: said.text}))
    if pressed := _title_of(standing, said.text):
        return _applied(standing, standing.checked(pressed))
    heard = Heard(said, standing)
    if heard.leaves and not standing.starting:
        return Reading(aside=True)
    if heard.gives_up:
        return Reading(cancels=True)
    if heard.lets_be and not said.settled:
        return Reading(lets_be=True)
    candidates = candidates_in(heard)
    if heard.corrects and (reading := _without_new_value(heard, candidates)):
        return reading
    if candidates:
        reading = _applied(standing, standing.checked(candidates), heard.names if heard.corrects else ())
        changed = any(name in standing.known for name in reading.values)
        if asked and asked not in reading.values and not changed and (other := other_amount(heard)):
            reading.notes.append(other)
            reading.unclear = asked
        if reading.values or reading.notes:
            return reading
    return Reading() if standing.starting else _without_values(heard, skill_names)


def _title_of(standing: Standing, text: str) -> dict[str, str]:
    """The field and value whose offered title the text is, word for word: what was asked for first."""
    names = dict.fromkeys([*([standing.asked] if standing.asked else []), *standing.known])
    for name in () if standing.starting else names:
        for choice in standing.question(name).choices:
            if normalise(text) in (normalise(choice.title), normalise(choice.title.partition("（")[0])):
                return {name: choice.value}
    return {}


def _without_values(heard: Heard, skill_names: Iterable[str]) -> Reading:
    """Nothing in it fits a field: small talk, a question, a verdict on the whole, or an answer that is of no use."""
    said, standing, asked = heard.said, heard.standing, heard.standing.asked
    confirming = standing.requested == CONFIRM
    if confirming and said.intent in ("affirm", "deny") and not heard.asks:
        return _verdict(standing, said.intent)
    sheet = standing.skill.preview and (confirming or standing.changing)
    if sheet and heard.names and not heard.rest and not heard.asks:
        return _asks_again(standing, heard.names[0])
    helpless = heard.is_at_a_loss and said.intent == "ask_question" and asked is not None
    if asked and _is_free(heard, asked) and asked in standing.valid({asked: said.text}):
        return _applied(standing, standing.checked({asked: said.text}))
    if asked and _names_no_choice(heard, asked, skill_names):
        return _useless(heard, asked)
    if heard.asks or said.intent in skill_names or (said.intent in ASIDE_INTENTS and not helpless):
        return Reading(aside=True, question=heard.asks and not said.settled)
    if said.intent == "affirm":
        return Reading()
    if asked is None:
        useless = confirming and heard.rest <= SHORT
        return Reading(notes=[CONFIRM_OR_CORRECT], unclear=CONFIRM) if useless else Reading(aside=True, question=True)
    if said.intent == "correct" and standing.known and heard.takes_back and not heard.names:
        return Reading(notes=[_how_to_correct(standing)])
    question = standing.question(asked)
    if not (question.entity or question.choices):
        return _applied(standing, standing.checked({asked: said.text}))
    return _useless(heard, asked) if heard.attempts else Reading(aside=True, question=True)


def _is_free(heard: Heard, asked: str) -> bool:
    """Whether any few words may be the answer (a name): the classifier's guess at them then counts for little."""
    question, said = heard.standing.question(asked), heard.said
    if question.entity or question.choices or heard.asks or said.settled:
        return False
    return said.intent in ("provide", "nlu_fallback") or said.confidence < GUESSED


def _names_no_choice(heard: Heard, asked: str, skill_names: Iterable[str]) -> bool:
    """Whether a few words are most likely meant as one of the choices that only this person has, a company's name."""
    said = heard.said
    if asked not in heard.standing.offered or heard.asks or said.settled or heard.leaves or heard.rest > LONG:
        return False
    sure = SURE if said.intent in skill_names else GUESSED
    return said.intent in ("provide", "nlu_fallback") or said.confidence < sure


def _useless(heard: Heard, asked: str) -> Reading:
    """An answer that is none: the form's own validators say why."""
    standing, text = heard.standing, heard.said.text
    if heard.is_about_another_field:
        return Reading(notes=[f"现在需要的是{standing.label(asked)}。"], unclear=asked)
    if heard.said.entities:  # what is recognised as something else is not this
        text = heard.said.without_entities().strip()
    checked = standing.checked({asked: text})
    return _applied(standing, checked) if text else Reading(notes=[standing.question(asked).invalid], unclear=asked)


def _handed(standing: Standing, values: Mapping[str, str]) -> Reading:
    """What the hub read in a picture: it is about something else than what was filled in so far, all of which goes."""
    taken: dict[str, str | None] = {**dict.fromkeys(standing.known), **check(standing.skill.form, values, {}).values}
    return Reading(values=taken)


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
    return Reading(confirmed=True) if intent == "affirm" else Reading(notes=[_how_to_correct(standing)])


def _without_new_value(heard: Heard, candidates: Mapping[str, str]) -> Reading | None:
    """A correction that does not say what is right: the field is asked for again."""
    standing, text = heard.standing, heard.said.text
    valid = standing.valid(candidates)
    if any(standing.known.get(name) != value for name, value in valid.items()) or set(candidates) - set(valid):
        return None  # something new was given; should it be wrong, its own words say why
    known = [name for name in heard.names if name in standing.known]
    explicit = heard.says_it_is_wrong
    if heard.names and not known and not valid:  # it is about a field that is still empty: "日期我忘了"
        if not explicit or heard.has_digits:
            return None
        optional = [name for name in heard.names if standing.skill.preview and name not in standing.needed]
        return _asks_again(standing, optional[0]) if optional and not heard.asks else Reading()
    if not known and not valid and (not explicit or heard.has_digits):
        return None  # only the classifier takes it for a correction, or it says more than that
    only = list(standing.known) if len(standing.known) == 1 and MISTAKEN.search(text) else []
    wrong = list(valid) or known or only
    if wrong:
        return _asks_again(standing, wrong[-1])
    return Reading(notes=[_how_to_correct(standing)]) if standing.known else None


def _asks_again(standing: Standing, name: str) -> Reading:
    """Ask for one field, forgetting what was said of it."""
    forgotten: dict[str, str | None] = {name: None} if name in standing.known else {}
    may = name in standing.needed or standing.skill.preview is not None
    return Reading(values=forgotten, notes=[f"好的，重新填写{standing.label(name)}。"], ask=name if may else None)


def _how_to_correct(standing: Standing) -> str:
    fields = standing.skill.form.model_fields
    others = [name for name in fields if name not in standing.known] if standing.skill.preview else []
    lines = [f"已填写：\n{standing.summary(fields)}"]
    if others:
        lines.append(f"还可以改：{'、'.join(standing.label(name) for name in others)}。")
    example = standing.label(next(iter([*others, *standing.known])))
    return "\n".join([*lines, f"要改哪一项，直接说就行，例如“{example}改成……”。"])


def _applied(standing: Standing, checked: Checked, named: Collection[str] = ()) -> Reading:
    """The values that are valid, in words where they replace others; and what is wrong with the rest.

    `named` are fields that the person wants to change: what is wrong with them is said even where they are not needed.
    """
    known = standing.known
    reading = Reading(values={name: value for name, value in checked.values.items() if known.get(name) != value})
    changed = [name for name in reading.values if name in known]
    needed = standing.skill.required_fields({**known, **checked.values})
    if changed and not standing.starting:
        told = "，".join(f"{standing.label(name)}改为{standing.shown(name, checked.values[name])}" for name in changed)
        reading.notes.append(f"已把{told}。")
        stale = [name for name in standing.needed if name in known and name not in needed]
        reading.values |= dict.fromkeys(stale)
    for name, words in checked.problems.items():
        if name == standing.asked or name in needed or name in named:
            reading.notes.append(words)
            reading.unclear = reading.unclear or name
            reading.ask = reading.ask or (name if standing.skill.preview and name not in needed else None)
            if name in known:
                reading.values[name] = None
    return reading
