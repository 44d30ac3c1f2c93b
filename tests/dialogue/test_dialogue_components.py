"""The components, each checked in Rasa's own environment."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.dialogue.conftest import checks_inside_rasa


@pytest.mark.parametrize("name", checks_inside_rasa())
def test_inside_rasa(name: str, checked_inside_rasa: Mapping[str, str]) -> None:
    assert checked_inside_rasa[name] == ""
