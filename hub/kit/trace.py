"""One id for a request, from the door through Rasa to the action and back into every log line."""

from __future__ import annotations

from contextvars import ContextVar

from hub.kit.ids import new_id

current: ContextVar[str] = ContextVar("trace_id", default="")


def new_trace_id() -> str:
    """A fresh trace id."""
    return new_id().hex


def trace_id() -> str:
    """The trace id of the work at hand; made up when there is none yet."""
    found = current.get()
    if not found:
        found = new_trace_id()
        current.set(found)
    return found
