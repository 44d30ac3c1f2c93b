"""A conversation written down: what a person says or presses, and what must come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER = Path(__file__).parent
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
    """One turn, or the platform's sandbox changing its mood in between."""

    say: str | None = Field(None, max_length=6000)
    press: str | None = None
    platform: Literal["normal", "down", "error"] | None = None
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(item is not None for item in (self.say, self.press, self.platform)) != 1:
            raise ValueError("a step is either say, press or platform")
        return self


class Script(_Strict):
    """A conversation from its beginning."""

    title: str
    steps: list[Step] = Field(min_length=1)


def load(path: Path) -> Script:
    """Read a script; a key that does not exist is an error."""
    content: Any = yaml.safe_load(path.read_text("utf-8"))
    return Script.model_validate(content)


def paths() -> list[Path]:
    """Every script, by behaviour."""
    return sorted(FOLDER.glob("*/*.yml"))
