"""What a service lets people do: declared once here, reachable by chat, API and web form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from hub.kit.errors import Invalid


class Access(StrEnum):
    """Who may use a skill; each level includes the ones before it."""

    ANONYMOUS = "anonymous"
    VERIFIED = "verified"
    REAL_NAME = "real_name"
    AUTHORISED = "authorised"

    def covers(self, needed: Access) -> bool:
        """Whether somebody at this level may use what needs the other."""
        levels = list(Access)
        return levels.index(self) >= levels.index(needed)


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who proved who they are, and for whom they act.

    `taxpayer_id` is the core system's number of the taxpayer chosen last, with its name and the person's role there;
    None until one is chosen. The level is `AUTHORISED` only then.
    """

    person_id: UUID
    level: Access
    name: str
    taxpayer_id: str | None = None
    taxpayer_name: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few values, offered as a button."""

    title: str
    value: str


@dataclass(frozen=True, slots=True)
class Question:
    """How a form field is asked for in conversation.

    `entity` names the kind of thing that understanding recognises on its own in any sentence (see `hub.kit.taxtext`);
    `label` and `synonyms` are the words by which people refer to the field when they correct it ("日期说错了");
    `interruptible` is False where the value is free prose that looks like a question; `secret` values (a one-time code)
    are never repeated to the person. `options` works the choices out where they depend on who asks. `before` is work to
    do when the field is about to be asked for the first time (send the code that it asks for); it returns words to say
    ahead of the prompt, or None. `units` are words that make a number in front of them the field's wherever it stands
    ("120平"). What is `only_named` is never guessed: a value counts where the field is asked for or called by its name.
    Of an amount that `may_be_none`, "没有" with its name means 0.
    """

    prompt: str
    invalid: str
    label: str
    hint: str = ""
    entity: str | None = None
    synonyms: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    interruptible: bool = True
    secret: bool = False
    options: Options | None = None
    before: Before | None = None
    units: tuple[str, ...] = ()
    only_named: bool = False
    may_be_none: bool = False


def ask(
    default: Any = ...,
    *,
    prompt: str,
    invalid: str,
    label: str,
    hint: str = "",
    entity: str | None = None,
    synonyms: Sequence[str] = (),
    choices: Sequence[Choice] = (),
    interruptible: bool = True,
    secret: bool = False,
    options: Options | None = None,
    before: Before | None = None,
    units: Sequence[str] = (),
    only_named: bool = False,
    may_be_none: bool = False,
    **limits: Any,
) -> Any:
    """A pydantic field together with its Chinese words; `limits` go to `pydantic.Field` (gt, max_length, pattern …).

    With a `default_factory` among them, `default` is not used.
    """
    question = Question(
        prompt, invalid, label, hint, entity, tuple(synonyms), tuple(choices), interruptible, secret, options, before,
        tuple(units), only_named, may_be_none,
    )  # fmt: skip
    if "default_factory" not in limits:
        limits["default"] = default
    field_info = Field(title=label, description=hint or prompt, **limits)
    field_info.metadata.append(question)
    return field_info


def question_of(form: type[BaseModel], name: str) -> Question:
    """The words of a form field.

    Raises `LookupError` when the field was not declared with `ask`.
    """
    for item in form.model_fields[name].metadata:
        if isinstance(item, Question):
            return item
    raise LookupError(f"{form.__name__}.{name} is not declared with ask()")


class FormInvalid(Invalid):
    """Fields are missing or wrong; `errors` says which and how to put it right."""

    code = "form_invalid"


def form_invalid(complaints: Sequence[Mapping[str, str]]) -> FormInvalid:
    """The error that tells of every wrong field: its name under "field", what to do in Chinese under "message"."""
    return FormInvalid(" ".join(item["message"] for item in complaints), errors=list(complaints))


def complaint(form: type[BaseModel], item: Mapping[str, Any], unknown: str) -> dict[str, str]:
    """What to say of one error of pydantic: the rule's own words, else the field's; `unknown` of what is no field."""
    name = str(item["loc"][0]) if item["loc"] else ""
    own_words = str(item["ctx"]["error"]) if item["type"] == "value_error" else ""
    words = unknown if name not in form.model_fields else question_of(form, name).invalid
    return {"field": name, "message": own_words or words}


@dataclass(frozen=True, slots=True)
class SkillContext:
    """What a skill may know about the call; `key` identifies the act: a repeat is answered, not done twice.

    There is no database session in it: a service opens its own short transactions, so that none is open while an
    outside system is asked (docs/decisions/0003). `principal` is there when the person proved who they are; a skill
    that needs more than `Access.ANONYMOUS` is never run without one of sufficient level.
    """

    today: date
    key: str
    caller: str
    channel: str = "api"
    conversation_id: str | None = None
    principal: Principal | None = None
    address: str = ""
    subject: str = ""
    """Whose session it is over the API ("token:<fingerprint>"); in chat the conversation says it."""

    @property
    def session_subject(self) -> str:
        """The name under which `hub.accounts` keeps the caller's session; empty when there can be none."""
        return f"conversation:{self.conversation_id}" if self.conversation_id else self.subject


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: the title is shown, the payload comes back."""

    title: str
    payload: str


UNAVAILABLE = "unavailable"
"""Status: an outside system did not answer and nothing was done; the same request may be made again."""
PENDING = "pending"
"""Status: taken, kept and carried on by us; the outside system has not answered yet."""


@dataclass(frozen=True, slots=True)
class SkillResult:
    """What came of it: a stable status, the words for a person, the data for a program, perhaps a receipt number.

    `retry_fields` names fields to ask for again (a wrong value that can be corrected), with `text` saying why.
    """

    status: str
    text: str
    result: Mapping[str, Any] = field(default_factory=dict)
    receipt: str | None = None
    buttons: tuple[Button, ...] = ()
    citations: tuple[Mapping[str, Any], ...] = ()
    retry_fields: tuple[str, ...] = ()
    trace_id: str | None = None
    """The calculation behind the amounts in `text`: "为什么是这个数" prints its steps."""

    @property
    def final(self) -> bool:
        """Whether the same request later would be told the same."""
        return self.status not in (UNAVAILABLE, PENDING)


Values = Mapping[str, Any]
Options = Callable[[SkillContext, Values], Awaitable[Sequence[Choice]]]
Before = Callable[[SkillContext, Values], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What is shown before a binding act is confirmed: every figure it will carry; `trace_id` explains the amounts.

    `refusal` says why it cannot be done (already filed, nothing due). The form then ends with it, unless it is
    `open`: what was filled in does not go together, and the person may change it.
    """

    text: str
    trace_id: str | None = None
    citations: tuple[Mapping[str, Any], ...] = ()
    refusal: str | None = None
    buttons: tuple[Button, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Skill:
    """One thing that people can do.

    `required` answers which fields are needed, in order of asking, given the values known so far (dynamic forms);
    `offer` is the sentence on its button. The intent that starts it carries the skill's name. `prefill` adds values
    that are known about the person once they may use the skill; `preview` is the confirmation sheet of a binding act.
    """

    name: str
    title: str
    plan_action: int
    summary: str
    form: type[BaseModel]
    submit: Callable[[SkillContext, Any], Awaitable[SkillResult]]
    access: Access = Access.ANONYMOUS
    confirm: bool = False
    offer: str = ""
    required: Callable[[Values], Sequence[str]] | None = None
    prefill: Callable[[SkillContext, Values], Awaitable[Values]] | None = None
    preview: Callable[[SkillContext, Any], Awaitable[Preview]] | None = None

    def required_fields(self, values: Values) -> list[str]:
        """The fields that the act needs, in order of asking, given what is known."""
        return list(self.required(values)) if self.required else list(self.form.model_fields)

    @property
    def form_name(self) -> str:
        """Name of its Rasa form."""
        return f"{self.name}_form"

    def slot(self, field_name: str) -> str:
        """Name of the Rasa slot of a field; prefixed, because domain files are merged."""
        return f"{self.name}_{field_name}"
