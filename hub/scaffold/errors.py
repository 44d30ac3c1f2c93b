"""Why nothing was written."""

from __future__ import annotations

from hub.kit.errors import Conflict


class CannotAdd(Conflict):
    """A name, a title or a place in a list is not free or not possible; the message says what to do."""

    code = "cannot_add"
    message = "不能新增，什么都没有改动。"
