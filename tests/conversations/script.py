"""A conversation written down: what a person says or presses, and what must come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.skills import Access

FOLDER = Path(__file__).parent
SPOKEN = ("@phone", "@code", "@name", "@id", "@tail")
State = Literal["with_bot", "waiting_for_agent", "with_agent", "resolved"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Expect(_Strict):
    """Each word of `contains` and none of `lacks` is said, one of `any_of` is; these buttons (titles) are there."""

    contains: list[str] = []
    any_of: list[str] = []
    lacks: list[str] = []
    buttons: list[str] = []
    cites: bool | None = None
    state: State = "with_bot"
    status: int = 200


class Step(_Strict):
    """One turn, or a sandbox changing its mood in between: the inspection platform's, the core system's.

    What begins with @ is said for the person of the script: @phone, @code (that came by SMS last), @name, @id (their
    resident ID), @tail (its last six characters); a sentence may hold several of them.
    """

    say: str | None = Field(None, max_length=6000)
    press: str | None = None
    platform: Literal["normal", "down", "error"] | None = None
    core: Literal["normal", "down"] | None = None
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(item is not None for item in (self.say, self.press, self.platform, self.core)) != 1:
            raise ValueError("a step is either say, press, platform or core")
        return self


class Script(_Strict):
    """A conversation from its beginning.

    `person` of the sandboxes talks; nothing is known of them before, unless they were proven `before` in another
    conversation. `level` is what they are in this one already; with `acting_for` (`for`, a part of a taxpayer's name)
    they have chosen one, too. `core: fresh` undoes what earlier scripts filed and paid. `shows` names the skills that
    a script is about where its file's name does not begin with the one.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    title: str
    shows: list[str] = []
    person: str | None = None
    before: bool = False
    level: Literal[Access.ANONYMOUS, Access.VERIFIED, Access.REAL_NAME] = Access.ANONYMOUS
    acting_for: str | None = Field(None, alias="for")
    core: Literal["fresh"] | None = None
    steps: list[Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        told = self.before or self.acting_for or self.level is not Access.ANONYMOUS
        spoken = any(word in (step.say or "") for step in self.steps for word in SPOKEN)
        if self.person is None and (told or spoken):
            raise ValueError("before, level, for and what begins with @ need a person")
        return self


def load(path: Path) -> Script:
    """Read a script; a key that does not exist is an error."""
    content: Any = yaml.safe_load(path.read_text("utf-8"))
    return Script.model_validate(content)


def paths() -> list[Path]:
    """Every script, by behaviour."""
    return sorted(FOLDER.glob("*/*.yml"))
