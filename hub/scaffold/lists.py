"""A new line in the lists of the house: each function takes the text of a file and gives it back with the line in."""

from __future__ import annotations

import re

from hub.scaffold.errors import CannotAdd

_FUTURE = "from __future__ import annotations\n"


def with_import(text: str, line: str, file: str) -> str:
    """Python with one more import; putting it in its place is left to the sorter.

    Raises `CannotAdd` when the file does not begin as ours do.
    """
    return _replaced(text, re.escape(_FUTURE), f"{_FUTURE}{line}\n", file)


def with_items(text: str, constant: str, items: str, file: str) -> str:
    """Python with more names at the end of the tuple that is assigned to a constant.

    Raises `CannotAdd` when there is no such tuple.
    """
    pattern = rf"(^{constant}: tuple\[\w+, \.\.\.\] = \()([^()]*?)(,?\s*)\)$"
    return _replaced(text, pattern, rf"\g<1>\g<2>, {items}\g<3>)", file)


def with_table_owner(text: str, module: str, file: str) -> str:
    """The list of the rooms that own tables, with one more in its alphabetical place.

    Raises `CannotAdd` when there is no such list.
    """
    found = re.search(r"^OWNERS = \(\n(.*?)^\)$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise _no_place(file)
    line = f'    "{module}",\n'
    lines = found[1].splitlines(keepends=True)
    place = next((number for number, other in enumerate(lines) if other > line), len(lines))
    lines.insert(place, line)
    return text[: found.start(1)] + "".join(lines) + text[found.end(1) :]


def with_erasure(text: str, call: str, file: str) -> str:
    """The worker's nightly erasing, with one more table.

    Raises `CannotAdd` when the place is not found.
    """
    last = r"^( +)await outbox\.erase_before\(session, before\)\n"
    return _replaced(text, last, rf"\g<0>\g<1>{call}\n", file)


def with_service_rules(text: str, name: str, file: str) -> str:
    """The import rule with one more service: a neighbour of the others, layered inside, its rules free of frameworks.

    Raises `CannotAdd` when one of the three places is not found.
    """
    for contract, pattern, line in (
        ("services", r"^( +invoices \|[^\n]*)$", rf"\g<1> | {name}"),
        ("inside-a-service", r"(^containers =\n(?: +[\w.]+\n)+)", rf"\g<1>    services.{name}\n"),
        ("frameworks-at-the-edge", r"^( +services\.taxes)$", rf"    services.{name}.service\n\g<1>"),
    ):
        found = re.search(rf"^\[importlinter:contract:{contract}\]\n(?:(?!\[).*\n?)*", text, re.MULTILINE)
        if found is None:
            raise _no_place(file)
        text = text[: found.start()] + _replaced(found[0], pattern, line, file) + text[found.end() :]
    return text


def _replaced(text: str, pattern: str, replacement: str, file: str) -> str:
    """The text with the only place of the pattern replaced."""
    result, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise _no_place(file)
    return result


def _no_place(file: str) -> CannotAdd:
    return CannotAdd(f"{file} 的写法变了，找不到要加的位置，什么都没有改动。请按 docs/developers 中的步骤手工添加。")
