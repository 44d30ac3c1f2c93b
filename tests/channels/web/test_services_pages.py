"""办税服务 on pages: found, filled in, put right, confirmed, done; for one browser only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from channels.web.pages import error_page
from channels.web.services import catalogue
from channels.web.services.router import router
from hub.kit.web import add_error_handlers
from tests.channels.web.test_web_pages import Profile


@pytest.fixture
async def browser(empty_database: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in front of the pages, on the real database; keeps cookies."""
    app = FastAPI()
    app.state.site = Profile()
    app.include_router(router)
    add_error_handlers(app, error_page)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
        yield client


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))


async def send(browser: httpx.AsyncClient, name: str, **values: str) -> httpx.Response:
    """Open the form and send it with these values."""
    opened = await browser.get(f"/services/{name}")
    assert opened.status_code == 200, opened.text
    return await browser.post(f"/services/{name}", data={**hidden(opened.text), **values})


async def test_everything_is_listed_and_every_form_opens(browser: httpx.AsyncClient) -> None:
    listed = (await browser.get("/services")).text
    for one in catalogue.entries():
        assert f'href="/services/{one.name}"' in listed
        assert (await browser.get(f"/services/{one.name}")).status_code in (200, 303), one.name


@pytest.mark.parametrize(("words", "name"), [("算契税", "calculator_deed"), ("发票真假 查验", "invoice_inspection")])
async def test_search_finds_what_is_meant(browser: httpx.AsyncClient, words: str, name: str) -> None:
    found = (await browser.get("/services", params={"q": words})).text
    assert f'href="/services/{name}"' in found


async def test_a_search_without_result_says_what_to_do(browser: httpx.AsyncClient) -> None:
    assert "没有找到“魑魅魍魉”" in (await browser.get("/services", params={"q": "魑魅魍魉"})).text


async def test_a_calculation_with_its_steps(browser: httpx.AsyncClient) -> None:
    done = await send(browser, "calculator_late_fee", amount="10000", due="2026-01-15", on="2026-01-25")
    assert "50" in done.text
    steps = re.search(r"/services/explain/[0-9a-f-]+", done.text)
    assert steps
    assert "滞纳" in (await browser.get(steps[0])).text


async def test_what_is_wrong_is_said_at_its_field_and_the_rest_is_kept(browser: httpx.AsyncClient) -> None:
    again = await send(browser, "calculator_late_fee", amount="很多", due="2026-01-15", on="2026-01-25")
    assert 'aria-invalid="true"' in again.text
    assert 'value="2026-01-15"' in again.text
    assert 'value="很多"' in again.text


async def test_a_form_that_was_not_ours_is_not_taken(browser: httpx.AsyncClient) -> None:
    opened = await browser.get("/services/calculator_late_fee")
    browser.cookies.clear()
    foreign = await browser.post("/services/calculator_late_fee", data=hidden(opened.text))
    assert (foreign.status_code, "页面已过期" in foreign.text) == (403, True)


async def test_an_unknown_service_is_said_to_be_unknown(browser: httpx.AsyncClient) -> None:
    missing = await browser.get("/services/no_such_thing")
    assert (missing.status_code, "没有这项服务" in missing.text) == (404, True)


async def test_what_people_type_is_shown_as_text(browser: httpx.AsyncClient) -> None:
    again = await send(browser, "calculator_late_fee", amount='"><script>alert(1)</script>', due="x", on="y")
    assert "<script>alert" not in again.text
    assert "<b>x</b>" not in (await browser.get("/services", params={"q": "<b>x</b>"})).text
