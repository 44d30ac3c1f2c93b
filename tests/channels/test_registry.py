"""Doors are open where they can be, closed where they cannot, and say so."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from channels import registry
from channels.telegram.channel import SECRET_HEADER, secret_of
from channels.telegram.sandbox import sandbox_token
from hub import outbox
from hub.app import create_app
from hub.settings import get_settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, database: str) -> Iterator[pytest.MonkeyPatch]:
    get_settings.cache_clear()
    registry.channels.cache_clear()
    yield monkeypatch
    monkeypatch.undo()
    get_settings.cache_clear()
    registry.channels.cache_clear()


async def asked(headers: dict[str, str] | None = None) -> int:
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        return (await http.post("/channels/telegram/webhook", content=b"{}", headers=headers)).status_code


async def test_a_door_without_credentials_is_off_and_says_what_it_needs(
    settings: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[str, dict[str, str]]] = []
    settings.setattr(registry.log, "warning", lambda event, **facts: told.append((event, facts)))
    assert await asked() == 404
    assert ("channel_off", {"channel": "telegram", "needs": "HUB_TELEGRAM_TOKEN"}) in told
    assert outbox.door("telegram") not in registry.deliverers()


async def test_a_door_with_credentials_is_open(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("HUB_TELEGRAM_TOKEN", "7:x")
    get_settings.cache_clear()
    assert await asked() == 401
    assert outbox.door("telegram") in registry.deliverers()
    assert get_settings().sandboxes.count("telegram") == 0


async def test_a_sandbox_stands_in_and_is_shown(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("HUB_TELEGRAM_GATEWAY", "sandbox")
    get_settings.cache_clear()
    assert await asked() == 401
    assert await asked({SECRET_HEADER: secret_of(sandbox_token())}) == 400
    assert "telegram" in get_settings().sandboxes


async def test_a_door_may_be_shut(settings: pytest.MonkeyPatch) -> None:
    settings.setenv("HUB_TELEGRAM_TOKEN", "7:x")
    settings.setenv("HUB_TELEGRAM_GATEWAY", "off")
    get_settings.cache_clear()
    assert await asked() == 404


async def site() -> httpx.Response:
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        return await http.get("/api/v1/site")


@pytest.mark.parametrize(
    ("environment", "carries"),
    [
        ({"HUB_SMS_CALLBACK_SECRET": "s" * 20}, ["wechat", "sms"]),
        ({"HUB_WECHAT_GATEWAY": "off", "HUB_SMS_CALLBACK_SECRET": "s" * 20}, ["sms"]),
        ({"HUB_WECHAT_PUSHES": "false"}, []),
        ({}, ["wechat"]),
    ],
    ids=["both", "no-wechat", "wechat-that-makes-no-codes", "no-sms"],
)
async def test_the_widget_learns_where_a_talk_can_go_on(
    settings: pytest.MonkeyPatch, environment: dict[str, str], carries: list[str]
) -> None:
    for name, value in environment.items():
        settings.setenv(name, value)
    get_settings.cache_clear()
    assert (await site()).json()["carries"] == carries


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_site_that_embeds_the_widget_may_do_all_that_it_does(settings: pytest.MonkeyPatch, method: str) -> None:
    settings.setenv("HUB_ALLOWED_ORIGINS", '["https://city.example"]')
    get_settings.cache_clear()
    transport = httpx.ASGITransport(create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        asked = await http.options(
            "/api/v1/conversations",
            headers={"Origin": "https://city.example", "Access-Control-Request-Method": method},
        )
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "https://city.example"
