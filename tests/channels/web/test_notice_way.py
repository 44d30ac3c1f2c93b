"""通知送达方式 on a page: seen, chosen, by whoever is signed in, and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from channels.web import router as web
from channels.web.pages import error_page
from channels.web.services.notice_way import NoSuchWay
from channels.web.services.visitor import COOKIE
from hub.accounts import people, sessions, ways
from hub.accounts.models import NoticeWay
from hub.kit.crypto import fingerprint
from hub.kit.db import transaction
from hub.kit.web import add_error_handlers
from hub.settings import get_settings
from services.reminders import wording
from tests.channels.web.test_services_pages import hidden
from tests.channels.web.test_web_pages import Profile

HERE = "/services/notice-way"


@pytest.fixture
async def browser(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of all the pages."""
    # a count of its own: the pages of other tests are asked for within the same minute
    monkeypatch.setattr(get_settings(), "rate_message", "100000/minute")
    app = FastAPI()
    app.state.site = Profile()
    web.mount(app)
    add_error_handlers(app, error_page)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
        yield client


async def signed_in(browser: httpx.AsyncClient) -> UUID:
    """Somebody proved their phone in this browser."""
    await browser.get("/services")
    await browser.get("/services/calc_deed")
    cookie = browser.cookies.get(COOKIE)
    assert cookie
    async with transaction() as session:
        person = await people.person_by_phone(session, "13900000031")
        await sessions.begin(session, f"web:{fingerprint(cookie)}", person.id)
        return person.id


async def chosen(person_id: UUID) -> NoticeWay | None:
    async with transaction() as session:
        return await ways.way_of(session, person_id)


async def test_who_is_not_signed_in_is_led_there(browser: httpx.AsyncClient) -> None:
    answer = await browser.get(HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/services/sign_in?then=reminder_settings")


async def test_the_way_is_chosen_and_shown(browser: httpx.AsyncClient) -> None:
    person_id = await signed_in(browser)
    assert f'href="{HERE}"' in (await browser.get("/services/reminder_settings")).text
    first = await browser.get(HERE)
    assert wording.WAY_UNSET in first.text
    assert " checked" not in first.text
    saved = await browser.post(HERE, data={**hidden(first.text), "way": "wechat"}, follow_redirects=True)
    assert "已保存" in saved.text
    assert wording.WAY_CLOSED[NoticeWay.WECHAT] in saved.text
    assert 'value="wechat" checked' in saved.text
    assert await chosen(person_id) is NoticeWay.WECHAT


@pytest.mark.parametrize("way", ["", "pigeon"])
async def test_nothing_chosen_says_what_to_do(browser: httpx.AsyncClient, way: str) -> None:
    person_id = await signed_in(browser)
    page = await browser.get(HERE)
    answer = await browser.post(HERE, data={**hidden(page.text), "way": way})
    assert (answer.status_code, NoSuchWay.message in answer.text) == (422, True)
    assert await chosen(person_id) is None


async def test_a_form_of_another_site_is_not_taken(browser: httpx.AsyncClient) -> None:
    person_id = await signed_in(browser)
    answer = await browser.post(HERE, data={"way": "wechat", "_stamp": "forged"})
    assert answer.status_code == 403
    assert await chosen(person_id) is None
