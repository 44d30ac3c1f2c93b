"""Who may take a chat from whom: the one table of allowed moves."""

from __future__ import annotations

from bot.conversation.models import State
from hub.kit.errors import Conflict

MOVES: dict[State, frozenset[State]] = {
    State.WITH_BOT: frozenset({State.WAITING_FOR_AGENT, State.RESOLVED}),
    State.WAITING_FOR_AGENT: frozenset({State.WITH_AGENT, State.WITH_BOT, State.RESOLVED}),
    State.WITH_AGENT: frozenset({State.WITH_BOT, State.RESOLVED}),
    State.RESOLVED: frozenset({State.WITH_BOT}),
}


class MoveNotAllowed(Conflict):
    """The chat is not in a state from which this move is possible."""

    code = "conversation_move_not_allowed"
    message = "会话当前状态不允许此操作，请刷新后重试。"


def check_move(current: State, target: State) -> None:
    """Let an allowed move pass.

    Raises `MoveNotAllowed`.
    """
    if target not in MOVES[current]:
        raise MoveNotAllowed(state=str(current))
