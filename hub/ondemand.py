"""Groups of commands that are imported when they are called: most calls need a small part of the product."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_group


class OnDemand(TyperGroup):
    """`elsewhere`: the module whose `app` holds the commands, and a line of help, by the name of the group."""

    elsewhere: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Ours and those elsewhere."""
        return [*super().list_commands(ctx), *self.elsewhere]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command of ours, or a group from its module."""
        if cmd_name not in self.elsewhere:
            return super().get_command(ctx, cmd_name)
        module, help_text = self.elsewhere[cmd_name]
        app = import_module(module).app
        assert isinstance(app, typer.Typer)
        group = get_group(app)
        group.name, group.help = cmd_name, help_text or group.help
        return group
