"""A message in the light of the form that it may be meant for: where the form stands, what kind of thing was said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from actions.choosing import chosen
from actions.fields import WEAK_KINDS, mentioned, names_of
from actions.turns import Said
from actions.wording import (
    AT_A_LOSS,
    CHANGED,
    CHANGES_TO,
    GIVES_UP,
    LETS_BE,
    LONG,
    MISTAKEN,
    SHORT,
    TAKES_BACK,
    WAY_OUT,
    asks,
    is_short,
    leftover,
)
from hub.forms import Checked, Offered, check, shown, summary
from hub.skills import Question, Skill, question_of

CONFIRM = "confirm"
NOT_AMONG = "没有对上可选的{label}，请点下面的按钮，或者输入其中一项的名称。"
SURE = 0.7
"""From here on the classifier's word for a question counts even where the wording does not show it."""


@dataclass(frozen=True)
class Standing:
    """Where a form stands: the canonical values known, and the field that was asked for last (`confirm` at the end)."""

    skill: Skill
    known: Mapping[str, str]
    requested: str | None
    starting: bool = False
    offered: Offered = field(default_factory=dict)
    changing: bool = False
    """Whether the person was just told what can be changed."""

    @cached_property
    def needed(self) -> list[str]:
        """What the act needs, given what is known."""
        return self.skill.required_fields(self.known)

    @property
    def asked(self) -> str | None:
        """The field asked for, unless it is the confirmation."""
        return self.requested if self.requested in self.skill.form.model_fields else None

    @property
    def names_itself(self) -> str:
        """What a sentence that opens the form says anyway: its title and the words on its button."""
        return self.skill.title + self.skill.offer if self.starting else ""

    def question(self, name: str) -> Question:
        """The words of a field, with the choices that this person has."""
        question = question_of(self.skill.form, name)
        return replace(question, choices=tuple(self.offered[name])) if name in self.offered else question

    def shown(self, name: str, value: str) -> str:
        """A value as people read it."""
        return shown(self.skill.form, name, value, self.offered.get(name, ()))

    def summary(self, names: Iterable[str]) -> str:
        """What is known of these fields, a line each."""
        return summary(self.skill.form, self.known, names, self.offered)

    def label(self, name: str) -> str:
        """What a field is called."""
        return self.question(name).label

    def valid(self, candidates: Mapping[str, str]) -> dict[str, str]:
        """Those of the candidates that the form accepts, in canonical form."""
        return self.checked(candidates).values

    def among(self, name: str, text: str) -> str | None:
        """The value of an offered choice that the text means, by the words of the choices or of the form itself."""
        values = {choice.value for choice in self.offered[name]}
        value = chosen(text, self.offered[name]) or check(self.skill.form, {name: text}, {}).values.get(name)
        return value if value in values else None

    def checked(self, candidates: Mapping[str, str]) -> Checked:
        """What the form's validators say to the candidates; one of the choices where there are such."""
        meant, problems = dict(candidates), dict[str, str]()
        for name in candidates.keys() & self.offered.keys():
            if value := self.among(name, candidates[name]):
                meant[name] = value
            else:
                problems[name] = NOT_AMONG.format(label=self.label(name))
        ours = {name: value for name, value in meant.items() if name not in problems}
        checked = check(self.skill.form, ours, self.known) if ours else Checked()
        return Checked(checked.values, {**problems, **checked.problems})


@dataclass(frozen=True)
class Heard:
    """A message in the light of the form that it may be meant for."""

    said: Said
    standing: Standing

    @cached_property
    def rest(self) -> int:
        """How much it says beside values, names of fields and the units of what was asked for."""
        form = self.standing.skill.form
        names = [word for name in form.model_fields for word in names_of(question_of(form, name))]
        units = question_of(form, self.standing.asked).units if self.standing.asked else ()
        return leftover(self.said.without_entities(), [*names, *units])

    @cached_property
    def mostly_values(self) -> bool:
        """Whether it says next to nothing else."""
        has_value = self.has_digits or bool(self.said.entities)
        return self.rest <= 2 and (has_value or not asks(self.said.text))

    @cached_property
    def asks(self) -> bool:
        """Whether it is a question rather than an answer; "月薪2万要交多少税" begins a calculation, however worded."""
        if self.standing.starting and self.said.intent == self.standing.skill.name:
            return False
        sure = self.said.intent == "ask_question" and self.said.confidence >= SURE and not self.is_at_a_loss
        sure = sure and not (self.names and CHANGES_TO.search(self.said.text))
        return (sure or asks(self.said.text)) and not self.mostly_values

    @property
    def is_at_a_loss(self) -> bool:
        """Whether it says little more than that the person does not have what was asked for."""
        return bool(AT_A_LOSS.search(self.said.text)) and self.rest <= LONG

    @cached_property
    def names(self) -> list[str]:
        """Fields that it calls by their names."""
        form = self.standing.skill.form
        return mentioned(form, self.said.text, form.model_fields)

    @property
    def has_digits(self) -> bool:
        """Whether there is a digit anywhere in it."""
        return any(character.isdigit() for character in self.said.text)

    @property
    def is_about_another_field(self) -> bool:
        """Whether it calls fields by their names, but not the one that was asked for."""
        return bool(self.names) and self.standing.asked not in self.names

    @cached_property
    def corrects(self) -> bool:
        """Whether it takes back something that was said before."""
        text, standing = self.said.text, self.standing
        begins_so = bool(TAKES_BACK.match(text)) and self.rest <= LONG
        if standing.starting or not (self.names or self.said.entities or self.rest <= SHORT or begins_so):
            return False
        if MISTAKEN.search(text) and (not self.asks or any(name in standing.known for name in self.names)):
            return True
        denies = text.startswith("不是") and bool(self.said.entities)
        return not self.asks and (denies or self.said.intent == "correct" or self.says_it_is_wrong)

    @property
    def says_it_is_wrong(self) -> bool:
        """Whether it says in so many words that something was wrong."""
        return bool(MISTAKEN.search(self.said.text) or CHANGED.search(self.said.text))

    @property
    def takes_back(self) -> bool:
        """Whether something is to be changed, even if it does not say what."""
        return self.says_it_is_wrong or self.said.confidence >= SURE

    @cached_property
    def gives_weak_values(self) -> bool:
        """Whether its dates and amounts are meant for the form: they also stand in any question or story."""
        if self.asks or self.standing.starting or self.corrects:
            return not self.asks
        several = sum(entity.kind in WEAK_KINDS for entity in self.said.entities) > 1
        return self.rest <= SHORT or (self.rest <= LONG and (several or bool(self.names)))

    @cached_property
    def leaves(self) -> bool:
        """Whether the person says in so many words that the form shall stop."""
        wording = WAY_OUT.get(self.said.intent)
        return bool(wording and wording.search(self.said.text))

    @property
    def lets_be(self) -> bool:
        """Whether it says that nothing is to be changed after all."""
        return not self.standing.starting and bool(LETS_BE.search(self.said.text)) and self.rest <= SHORT

    @cached_property
    def gives_up(self) -> bool:
        """Whether it says nothing but that the form shall stop, and is none of the answers that were offered."""
        asked = self.standing.asked
        if self.standing.starting or self.said.intent == "cancel" or not GIVES_UP.fullmatch(self.said.text):
            return False
        offers = asked is not None and bool(self.standing.question(asked).choices)
        return not (offers and asked in self.standing.valid({asked or "": self.said.text}))

    @cached_property
    def attempts(self) -> bool:
        """Whether it is at least meant as an answer."""
        text, asked = self.said.text, self.standing.asked
        return (
            (self.has_digits and self.rest <= SHORT)
            or (asked in self.names)
            or self.is_at_a_loss
            or (self.said.intent == "deny" and self.said.confidence >= SURE)
            or is_short(text)
        )
