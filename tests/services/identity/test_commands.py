"""What operators do with the sandboxes from a terminal."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from services.gateways.tax_core.seed import people
from services.identity.service import SmsDown
from tests.services.identity.people import chat


async def hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `hub …` as another process on the same database."""
    command = [sys.executable, "-m", "hub.cli", "sandbox", *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_reading_a_phone_and_making_trouble(sandboxes: str) -> None:
    talk = chat()
    code = await talk.code()
    read = await hub("sms", "read", talk.who.phone)
    assert f"验证码{code}" in read.stdout, read.stderr
    assert "没有收到短信" in (await hub("sms", "read", chat("李静").who.phone)).stdout
    told = await hub("sms", "behave", "down", "--delay", "5")
    assert told.stdout.strip() == "状态 down，应答延迟 5 毫秒"
    with pytest.raises(SmsDown):
        await chat("李静").code()
    assert (await hub("real-name", "behave", "garbage")).stdout.startswith("状态 garbage")


async def test_the_people_of_the_demonstration(sandboxes: str) -> None:
    listed = (await hub("real-name", "people")).stdout
    assert all(person.phone in listed and person.resident_id in listed for person in people())
