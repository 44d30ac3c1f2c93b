"""Which names and titles may be given to something new."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
from collections.abc import Collection

from hub.scaffold.errors import CannotAdd

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_TITLE = re.compile(r"[\u4e00-\u9fff]{2,12}")
SHORTEST, LONGEST = 3, 24
DRAWERS = frozenset({"utils", "helpers", "common", "misc"})
_PYTHON = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), *sys.stdlib_module_names})


def check_name(name: str, used: Collection[str]) -> None:
    """Let only a name pass that can be a module, a table and an intent, and that nobody has.

    Raises `CannotAdd`.
    """
    if not _NAME.fullmatch(name) or not SHORTEST <= len(name) <= LONGEST:
        raise CannotAdd(f"名称“{name}”不能用：请用{SHORTEST}到{LONGEST}个小写英文字母、数字或下划线，以字母开头。")
    if name.startswith("my_"):
        raise CannotAdd(f"名称“{name}”不能用：my_ 开头的名称留给查询本人记录的技能，请换一个。")
    if name in DRAWERS or name in _PYTHON:
        raise CannotAdd(f"名称“{name}”不能用：它没有说明内容，或者是 Python 自己的名称，请换一个。")
    if name in used:
        raise CannotAdd(f"名称“{name}”已经有了，请换一个。")


def check_title(title: str, used: Collection[str]) -> None:
    """Let only a short Chinese title pass that nobody has.

    Raises `CannotAdd`.
    """
    if not _TITLE.fullmatch(title):
        raise CannotAdd(f"标题“{title}”不能用：请用2到12个汉字，不带标点，例如 预约办税。")
    if title in used:
        raise CannotAdd(f"标题“{title}”已经有了，请换一个。")


def camel(name: str) -> str:
    """The name as classes have it: tax_visits is TaxVisits."""
    return "".join(part.title() for part in name.split("_"))
