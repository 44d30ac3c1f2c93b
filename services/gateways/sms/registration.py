"""What a carrier has registered of our templates: its number for each, and the variables it takes, in its order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.gateways.sms.templates import OPTIONAL, TEMPLATES

LONGEST_SIGNATURE = 12
"""Characters of a signature, as carriers register them; the room for answers is reckoned with it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A template as a carrier knows it; `parameters` are our names of its variables, in the carrier's order."""

    code: str
    parameters: tuple[str, ...]

    def values(self, given: Mapping[str, str]) -> list[str]:
        """The values of the variables in the carrier's order; a missing one is left out, and the carrier refuses."""
        return [given[name] for name in self.parameters if name in given]


def registered(table: Mapping[str, Any], setting: str) -> Mapping[str, Registration]:
    """The table of a carrier: `{"<our name>": "<code>"}` or `{"<our name>": {"code": …, "parameters": [names]}}`.

    Raises `ValueError` that names the setting and all that is wrong with it.
    """
    found, wrong = {}, problems(table)
    if wrong:
        raise ValueError(f"{setting}: {'; '.join(wrong)}")
    for name, entry in table.items():
        code, parameters = _read(name, entry)
        found[name] = Registration(code, parameters)
    return found


def problems(table: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the table of a carrier, in words for its operator."""
    wrong = []
    if missing := sorted(set(TEMPLATES) - set(table) - OPTIONAL):
        wrong.append(f"lacks {', '.join(missing)}")
    if strange := sorted(set(table) - set(TEMPLATES)):
        wrong.append(f"no template of ours: {', '.join(strange)}")
    for name in sorted(set(table) & set(TEMPLATES)):
        try:
            code, parameters = _read(name, table[name])
        except (KeyError, TypeError):
            wrong.append(f"{name} must be a code, or code and parameters")
            continue
        if not code:
            wrong.append(f"{name} has no code")
        if len(parameters) != len(set(parameters)) or set(parameters) != set(TEMPLATES[name].names):
            wrong.append(f"parameters of {name} must be {', '.join(TEMPLATES[name].names)}")
    return wrong


def _read(name: str, entry: Any) -> tuple[str, tuple[str, ...]]:
    if isinstance(entry, str):
        return entry, TEMPLATES[name].names
    parameters = entry.get("parameters") if isinstance(entry, dict) else entry["code"]
    return str(entry["code"]), TEMPLATES[name].names if parameters is None else tuple(map(str, parameters))
