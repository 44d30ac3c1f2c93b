"""The menu of the account, as data: at most three entries of at most five, each says something or opens a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

DEFAULT = Path(__file__).with_name("menu.yaml")
SAY = "say:"


def _bytes_at_most(text: str, limit: int) -> str:
    if len(text.encode()) > limit:
        raise ValueError(f"{text} 超过 {limit} 字节")
    return text


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Entry(BaseModel):
    """What can be pressed: `say` counts as said by the person, `page` is a path under HUB_PUBLIC_URL or an address."""

    model_config = ConfigDict(extra="forbid")
    title: Words
    say: Words | None = None
    page: Words | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Entry:
        if (self.say is None) == (self.page is None):
            raise ValueError(f"菜单“{self.title}”须有 say 或 page 之一")
        # WeChat's limits: 16 bytes, 60 for entries of a group; keys 128 bytes
        _bytes_at_most(self.title, 60)
        _bytes_at_most(SAY + (self.say or ""), 128)
        return self


class Group(BaseModel):
    """An entry that opens up to five others."""

    model_config = ConfigDict(extra="forbid")
    title: Words
    entries: Annotated[list[Entry], Field(min_length=1, max_length=5)]


class Menu(BaseModel):
    """The whole menu."""

    model_config = ConfigDict(extra="forbid")
    menu: Annotated[list[Group | Entry], Field(min_length=1, max_length=3)]

    @model_validator(mode="after")
    def _short(self) -> Menu:
        for one in self.menu:
            _bytes_at_most(one.title, 16)
        return self


def read(path: Path = DEFAULT) -> Menu:
    """The menu of a file.

    Raises `ValueError` when it is none that WeChat takes.
    """
    return Menu.model_validate(yaml.safe_load(path.read_text("utf-8")))


def as_wire(menu: Menu, public_url: str) -> dict[str, Any]:
    """The menu as WeChat takes it.

    Raises `ValueError` when a page needs HUB_PUBLIC_URL, and it is empty.
    """
    return {
        "button": [_group(one, public_url) if isinstance(one, Group) else _entry(one, public_url) for one in menu.menu]
    }


def said(key: str) -> str | None:
    """The words that an entry stands for; None when it is none of ours."""
    return key.removeprefix(SAY).strip() or None if key.startswith(SAY) else None


def _group(group: Group, public_url: str) -> dict[str, Any]:
    return {"name": group.title, "sub_button": [_entry(one, public_url) for one in group.entries]}


def _entry(entry: Entry, public_url: str) -> dict[str, Any]:
    if entry.say is not None:
        return {"type": "click", "name": entry.title, "key": SAY + entry.say}
    assert entry.page is not None
    if entry.page.startswith("/") and not public_url:
        raise ValueError("菜单中有网页，请先设置 HUB_PUBLIC_URL")
    address = public_url.rstrip("/") + entry.page if entry.page.startswith("/") else entry.page
    return {"type": "view", "name": entry.title, "url": address}
