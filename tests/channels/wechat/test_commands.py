"""What operators do with the WeChat door from a terminal."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from channels.wechat import sandbox
from hub.kit.db import transaction

pytestmark = pytest.mark.soak  # each command is a process of its own


async def wechat(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `hub channels wechat …` as another process on the same database."""
    return await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "hub.cli", "channels", "wechat", *arguments],
        capture_output=True, text=True, check=False, env=os.environ | more,
    )  # fmt: skip


async def test_credentials_are_checked_and_the_menu_is_pushed(empty_database: str) -> None:
    checked = await wechat("check")
    assert checked.stdout.strip() == "凭据可用。", checked.stderr
    without = await wechat("menu", "push")
    assert without.returncode == 2
    assert "HUB_PUBLIC_URL" in without.stderr
    pushed = await wechat("menu", "push", HUB_PUBLIC_URL="https://12366.example.gov.cn")
    assert pushed.stdout.strip() == "菜单已发布。", pushed.stderr
    async with transaction() as session:
        assert await sandbox.shown_menu(session) is not None


async def test_what_wechat_does_not_take_is_told(empty_database: str) -> None:
    assert (await wechat("behave", "down", "--delay", "5")).stdout.strip() == "状态 down，应答延迟 5 毫秒"
    refused = await wechat("check")
    assert (refused.returncode, refused.stderr.strip()) == (1, "微信没有接受：http_503")
    closed = await wechat("check", HUB_WECHAT_GATEWAY="off")
    assert closed.returncode == 2
    assert "HUB_WECHAT" in closed.stderr
