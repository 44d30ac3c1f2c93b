"""Nothing phones home: no process of the product looks up or connects to anything outside loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.product import Product

pytestmark = pytest.mark.chaos


def test_no_process_leaves_loopback(product: Product) -> None:
    talk = product.talk()
    talk.say("滞纳金怎么算")
    talk.say("帮我查一张发票")
    lines = Path(product.environment["NETWATCH_LOG"]).read_text().splitlines()
    watched = {line.split(maxsplit=2)[2] for line in lines}
    assert any("rasa" in who or "components.server" in who or "server" in who for who in watched), watched
    assert any("serve" in who or "hub" in who for who in watched), watched
    assert [line for line in lines if line.startswith("OUTSIDE")] == []
