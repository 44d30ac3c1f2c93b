"""The notices that we send by WeChat, as data (`notices.yaml`): which template, which fields, and what fits into them.

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html, and
developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html for the limits of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEFAULT = Path(__file__).with_name("notices.yaml")
THING, PHRASE = 20, 5
_KEY = re.compile(r"([a-z_]+)\d{1,2}")


class Unfit(ValueError):
    """A value does not fit into its field, and cutting it would tell something else."""


class Kind(StrEnum):
    """By which of WeChat's interfaces a notice goes."""

    TEMPLATE = "template"
    SUBSCRIBE = "subscribe"


def _cut(limit: int) -> Callable[[str], str]:
    return lambda value: value if len(value) <= limit else value[: limit - 1] + "…"


def _exactly(pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern, re.ASCII)

    def fit(value: str) -> str:
        if not compiled.fullmatch(value):
            raise Unfit(value)
        return value

    return fit


FITS: Mapping[str, Callable[[str], str]] = {
    "thing": _cut(THING),
    "const": _cut(THING),
    "phrase": _exactly(r"[\u4e00-\u9fff]{1,5}"),
    "name": _exactly(r"[\u4e00-\u9fff·]{1,10}|[A-Za-z .·'-]{1,20}"),
    "number": _exactly(r"\d{1,32}"),
    "letter": _exactly(r"[A-Za-z]{1,32}"),
    "character_string": _exactly(r"[!-~]{1,32}"),
    "amount": _exactly(r"[¥￥]?\d{1,10}(?:\.\d{1,2})?元?"),
    "date": _exactly(r"\d{4}年\d{1,2}月\d{1,2}日"),
    "time": _exactly(r"(?:\d{4}年\d{1,2}月\d{1,2}日 )?\d{1,2}:\d{2}"),
}
"""What each type of field takes; a free text is cut, everything else must fit as it is."""


def field_type(key: str) -> str:
    """The type that the key of a field names.

    Raises `ValueError` when WeChat has none of this name.
    """
    found = _KEY.fullmatch(key)
    if found is None or found[1] not in FITS:
        raise ValueError(f"微信模板没有这种字段：{key}")
    return found[1]


def _known(fields: dict[str, str]) -> dict[str, str]:
    for key in fields:
        field_type(key)
    return fields


class Notice(BaseModel):
    """One notice: the keys of WeChat's template, and which of our values each gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Kind
    fields: Annotated[dict[str, str], Field(min_length=1), AfterValidator(_known)]

    def filled(self, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """The fields as WeChat takes them.

        Raises `LookupError` when a value is missing, `Unfit` when one does not fit.
        """
        return {key: {"value": FITS[field_type(key)](values[name])} for key, name in self.fields.items()}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    notices: dict[str, Notice]


@lru_cache
def notices(path: Path = DEFAULT) -> Mapping[str, Notice]:
    """Every notice, by our name.

    Raises `ValueError` when the file is none that WeChat would take.
    """
    return _File.model_validate(yaml.safe_load(path.read_text("utf-8"))).notices


def sandbox_templates() -> Mapping[str, str]:
    """The template ids that the stand-in knows."""
    return {name: f"sandbox-{name.replace('_', '-')}" for name in notices()}
