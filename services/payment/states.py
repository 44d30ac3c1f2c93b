"""How a payment order may move on: the one table of allowed moves."""

from __future__ import annotations

from collections.abc import Mapping

from hub.kit.errors import Conflict
from services.payment.models import State

MOVES: Mapping[State, frozenset[State]] = {
    State.CREATED: frozenset({State.AWAITING, State.PAID, State.FAILED, State.EXPIRED, State.CLOSED, State.REFUND_DUE}),
    State.AWAITING: frozenset({State.PAID, State.FAILED, State.EXPIRED, State.CLOSED, State.REFUND_DUE}),
    State.PAID: frozenset({State.BOOKED, State.REFUND_DUE}),
    # money that arrives late is never turned away in our books: it is booked, or it is due back
    State.FAILED: frozenset({State.PAID, State.REFUND_DUE}),
    State.EXPIRED: frozenset({State.PAID, State.REFUND_DUE}),
    State.CLOSED: frozenset({State.PAID, State.REFUND_DUE}),
    State.BOOKED: frozenset(),
    State.REFUND_DUE: frozenset(),
}
OPEN = frozenset({State.CREATED, State.AWAITING, State.PAID})
"""The states in which an order holds its charges: nobody else can order them."""
ARRIVED = frozenset({State.PAID, State.BOOKED, State.REFUND_DUE})
"""The states in which money has arrived."""


class MoveNotAllowed(Conflict):
    """The order is not in a state from which this move is possible."""

    code = "payment_move_not_allowed"
    message = "这笔缴款的状态已经变化，请先查询缴款结果。"


def check_move(current: State, target: State) -> None:
    """Let an allowed move pass.

    Raises `MoveNotAllowed`.
    """
    if target not in MOVES[current]:
        raise MoveNotAllowed(state=str(current))
