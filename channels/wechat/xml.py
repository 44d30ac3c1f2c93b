"""Reading WeChat's XML: flat, small, and without document types, so that no entity can be expanded or fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.parsers import expat

LARGEST = 128 * 1024
"""Bytes of a call: text of a user is at most 20,000 characters there."""
DEEPEST = 8
MOST = 200
LIST = "List"
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotXml(ValueError):
    """It is no XML that WeChat sends."""


def read(body: bytes | str, *, largest: int = LARGEST) -> dict[str, str]:
    """The elements right under the root, by name; the text of those that have elements of their own is left out.

    Raises `NotXml`.
    """
    return _parsed(body, largest).found


def rows(body: bytes | str) -> list[dict[str, str]]:
    """The elements of each <List>, which stands in an element right under the root.

    Raises `NotXml`.
    """
    return _parsed(body).rows


def _parsed(body: bytes | str, largest: int = LARGEST) -> _Reader:
    if len(body) > largest:
        raise NotXml("too large")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8", namespace_separator=None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(body.encode("utf-8") if isinstance(body, str) else body, True)
    except (expat.ExpatError, UnicodeError) as error:
        raise NotXml("not well-formed") from error
    if reader.root != "xml":
        raise NotXml("another root")
    return reader


def written(elements: Mapping[str, str | int]) -> str:
    """A flat document; texts as CDATA, without characters that XML does not know."""
    return "<xml>" + "".join(f"<{name}>{_value(value)}</{name}>" for name, value in elements.items()) + "</xml>"


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return f"<![CDATA[{_FORBIDDEN.sub('', value).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _refuse(*_: Any) -> NoReturn:
    raise NotXml("document type")


class _Reader:
    """Collects the elements under the root, and those of each list under one of them."""

    def __init__(self) -> None:
        self.root = ""
        self.found: dict[str, str] = {}
        self.rows: list[dict[str, str]] = []
        self._path: list[str] = []
        self._words: list[str] = []
        self._seen = 0

    def start(self, name: str, _: object) -> None:
        self._seen += 1
        if len(self._path) >= DEEPEST or self._seen > MOST:
            raise NotXml("too deep or too many")
        self._path.append(name)
        if len(self._path) == 1:
            self.root = name
        elif len(self._path) in (2, 4):
            self._words = []
        elif len(self._path) == 3 and name == LIST:
            self.rows.append({})

    def text(self, words: str) -> None:
        if len(self._path) in (2, 4):
            self._words.append(words)

    def end(self, name: str) -> None:
        if len(self._path) == 2 and name not in self.found:
            self.found[name] = "".join(self._words).strip()
        elif len(self._path) == 4 and self._path[2] == LIST:
            self.rows[-1].setdefault(name, "".join(self._words).strip())
        self._path.pop()
