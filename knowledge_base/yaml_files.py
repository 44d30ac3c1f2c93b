"""Reading YAML as editors write it: a key that occurs twice is an error and never a silent loss."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError


class _Loader(yaml.CSafeLoader):
    """The safe loader, strict about duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping after checking its keys."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; None when the file is empty.

    Raises `yaml.YAMLError` when it is not YAML or a key occurs twice.
    """
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=_Loader)  # noqa: S506 -- a subclass of the safe loader


def problems_of(error: ValidationError) -> list[str]:
    """What pydantic found, one line each, with the place in the file."""
    return [".".join(str(part) for part in item["loc"]) + ": " + item["msg"] for item in error.errors()]
