"""One form on a page: which fields are shown now, what is wrong with what was entered, and when all is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import get_args

from pydantic import BaseModel, ValidationError

from hub.forms import Offered, check, reasons, summary, wrong_fields
from hub.skills import Choice, Preview, Question, Skill, SkillContext, Values, question_of


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the page shows it."""

    name: str
    question: Question
    value: str
    problem: str
    choices: Sequence[Choice]
    needed: bool
    kind: str


@dataclass(slots=True)
class Filling:
    """A form that is being filled in on a page."""

    skill: Skill
    context: SkillContext
    known: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    notice: str = ""
    offered: Offered = field(default_factory=dict)

    @classmethod
    async def begin(cls, skill: Skill, context: SkillContext) -> Filling:
        """An empty form, with what is known of the person."""
        found = cls(skill, context)
        if skill.prefill:
            found.known = {name: str(value) for name, value in (await skill.prefill(context, {})).items()}
        await found._offer()
        return found

    @classmethod
    async def take(cls, skill: Skill, context: SkillContext, typed: Values) -> Filling:
        """What was entered, as far as it is right; empty fields count as not filled in."""
        given = {name: str(typed[name]).strip() for name in skill.form.model_fields if str(typed.get(name, "")).strip()}
        found = cls(skill, context, typed=given)
        await found._offer(given)
        for name, choices in found.offered.items():
            if name in given and given[name] not in {choice.value for choice in choices}:
                found.problems[name] = question_of(skill.form, name).invalid
        checked = check(skill.form, {name: value for name, value in given.items() if name not in found.problems}, {})
        found.known, found.problems = dict(checked.values), {**found.problems, **checked.problems}
        return found

    async def _offer(self, known: Mapping[str, str] | None = None) -> None:
        for name in self.skill.form.model_fields:
            if options := question_of(self.skill.form, name).options:
                self.offered = {**self.offered, name: tuple(await options(self.context, known or self.known))}

    @property
    def missing(self) -> list[str]:
        """What the act still needs."""
        return [name for name in self.skill.required_fields(self.known) if name not in self.known]

    async def prepare(self) -> None:
        """Do the work that comes before the next question, if it has some (a code is sent)."""
        first = next(iter(self.missing), None)
        before = question_of(self.skill.form, first).before if first else None
        if before and first not in self.problems:
            self.notice = await before(self.context, self.known) or self.notice

    @property
    def fields(self) -> list[Field]:
        """What is shown: all that is needed up to a question that has work before it, then what may be added."""
        needed = self.skill.required_fields(self.known)
        shown_now: list[str] = []
        for name in needed:
            waits = name in self.missing and question_of(self.skill.form, name).before is not None
            if waits and any(one in self.missing for one in shown_now):
                break
            shown_now.append(name)
        else:
            shown_now += [name for name in self.skill.form.model_fields if name not in needed and self._may_add(name)]
        return [self._field(name, name in needed) for name in shown_now]

    def _may_add(self, name: str) -> bool:
        return (
            not self.skill.form.model_fields[name].is_required() and question_of(self.skill.form, name).before is None
        )

    def _field(self, name: str, needed: bool) -> Field:
        question = question_of(self.skill.form, name)
        value = "" if question.secret else self.known.get(name) or self.typed.get(name, "")
        choices = self.offered.get(name, question.choices)
        return Field(name, question, value, self.problems.get(name, ""), choices, needed, self._kind(name, question))

    def _kind(self, name: str, question: Question) -> str:
        """Which keyboard helps: that of a date, an amount, a phone, or any."""
        annotation = self.skill.form.model_fields[name].annotation
        kinds = {date: "date", Decimal: "amount"}
        return question.entity or next(
            (kind for of, kind in kinds.items() if of in (annotation, *get_args(annotation))), ""
        )

    def model(self) -> BaseModel | None:
        """The form when it is complete and right as a whole; else None, with the problems said."""
        try:
            return self.skill.form.model_validate(self.known)
        except ValidationError as error:
            wrong = wrong_fields(error, self.skill.form)
            self.notice = reasons(error, self.skill.form)
            self.problems |= dict.fromkeys(wrong, self.notice)
            return None

    async def sheet(self, form: BaseModel) -> Preview:
        """What is confirmed."""
        if self.skill.preview:
            return await self.skill.preview(self.context, form)
        return Preview(summary(self.skill.form, self.known, self.skill.form.model_fields, self.offered))

    def reject(self, names: Sequence[str], why: str) -> None:
        """Ask for these again."""
        for name in names:
            self.known.pop(name, None)
            self.typed.pop(name, None)
        self.problems |= dict.fromkeys(names, why)
