"""The table of moves."""

from __future__ import annotations

from itertools import product

import pytest

from services.payment.models import Method, State
from services.payment.states import ARRIVED, MOVES, OPEN, MoveNotAllowed, check_move
from services.payment.wording import HEADLINE, METHOD_NAMES, METHODS


def test_only_the_moves_of_the_table_pass() -> None:
    for current, target in product(State, State):
        if target in MOVES[current]:
            check_move(current, target)
        else:
            with pytest.raises(MoveNotAllowed):
                check_move(current, target)


def test_booked_is_reached_from_paid_only_and_money_is_never_forgotten() -> None:
    assert [state for state in State if State.BOOKED in MOVES[state]] == [State.PAID]
    assert all(MOVES[state] <= ARRIVED for state in ARRIVED)
    assert all(MOVES[state] & ARRIVED for state in set(State) - {State.BOOKED, State.REFUND_DUE})
    assert State.PAID in OPEN


def test_every_state_and_method_has_its_words() -> None:
    assert set(HEADLINE) == set(State)
    assert set(METHODS) == set(METHOD_NAMES) == set(Method)
