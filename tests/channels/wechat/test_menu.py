"""The menu as data, as WeChat takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.wechat import menu, sandbox
from hub.kit.db import transaction
from tests.channels.hands.wechat import WechatHand

SITE = "https://12366.example.gov.cn/"


async def test_the_shipped_menu_is_taken(hand: WechatHand) -> None:
    wire = menu.as_wire(menu.read(), SITE)
    await hand.channel.client.make_menu(wire)
    async with transaction() as session:
        shown = await sandbox.shown_menu(session)
    assert shown == wire
    entries = [entry for group in wire["button"] for entry in group.get("sub_button", [group])]
    assert {entry["url"] for entry in entries if entry["type"] == "view"} == {
        f"{SITE}services",
        f"{SITE}channels/wechat/bind",
    }
    assert all(menu.said(entry["key"]) for entry in entries if entry["type"] == "click")
    await hand.close()


@pytest.mark.parametrize(
    "lines",
    [
        "menu: []",
        "menu: [" + ",".join(["{title: 一, say: 一}"] * 4) + "]",
        "menu: [{title: 一级菜单太长了, say: x}]",
        "menu: [{title: 空的}]",
        "menu: [{title: 两样, say: x, page: /y}]",
        f"menu: [{{title: 长, say: {'话' * 43}}}]",
        "menu: [{title: 组, entries: [" + ",".join(["{title: 一, say: 一}"] * 6) + "]}]",
        "- x",
    ],
)
def test_what_wechat_would_not_take_is_refused_before(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text(lines, "utf-8")
    with pytest.raises(ValueError):  # noqa: PT011
        menu.read(file)


def test_pages_need_an_address() -> None:
    with pytest.raises(ValueError, match="HUB_PUBLIC_URL"):
        menu.as_wire(menu.read(), "")
