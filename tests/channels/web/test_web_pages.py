"""The public pages: what they show, and the headers that keep them safe and fast."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.testclient import TestClient

from channels.web import pages
from channels.web import router as web

INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", re.IGNORECASE)


@dataclass
class Profile:
    name: str = "国家税务总局江川市税务局"
    region: str = "江川市"
    phone: str = "12366"
    hours_text: str = "工作日 8:30–17:30"
    greeting: str = "您好"
    suggested_questions: list[str] = field(default_factory=list)
    topics: list[tuple[str, list[str]]] = field(default_factory=lambda: [("发票", ["发票<b>怎么开</b>？"])])
    sandbox: bool = False
    icp: str | None = None


@pytest.fixture
def app() -> FastAPI:
    application = FastAPI()
    application.state.site = Profile()
    web.mount(application)

    @application.exception_handler(404)
    def not_found(request: Request, _: Exception) -> HTMLResponse:
        return pages.error_page(request, 404, "没有找到这个页面", "网址可能写错了。", trace_id="abc")

    return application


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as test_client:
        yield test_client


@pytest.mark.parametrize("path", ["/", "/privacy", "/embed", "/no-such-page"])
def test_page_needs_nothing_that_its_policy_forbids(client: TestClient, path: str) -> None:
    response = client.get(path)
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not INLINE.search(response.text)
    markup = re.sub(r"<pre.*?</pre>", "", response.text, flags=re.DOTALL)  # the snippets to copy are text
    sources = re.findall(r"(?:src|href)=\"([^\"]+)\"", markup)
    assert sources
    assert all(source.startswith(("/", "#", "tel:")) for source in sources)
    for source in {source.split("#")[0] for source in sources if source.startswith("/static/")}:
        assert client.get(source).status_code == 200


def test_questions_of_the_profile_are_escaped(client: TestClient) -> None:
    text = client.get("/").text
    assert "发票&lt;b&gt;怎么开&lt;/b&gt;？" in text
    assert "<b>" not in text


def test_every_page_says_when_it_is_a_demonstration(app: FastAPI, client: TestClient) -> None:
    assert "演示环境" not in client.get("/").text
    app.state.site.sandbox = True
    for path in ("/", "/privacy", "/embed", "/no-such-page"):
        assert "演示环境" in client.get(path).text


def test_unknown_address_gets_a_page_with_its_code(client: TestClient) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert "没有找到这个页面" in response.text
    assert "代码 404" in response.text
    assert "编号 abc" in response.text


def test_snippet_names_the_address_of_this_hub(client: TestClient) -> None:
    text = client.get("/embed", headers={"host": "hub.example"}).text
    assert "http://hub.example/static/tax-chat.js" in text
    assert "ws://hub.example" in text


def test_only_the_right_content_hash_is_cached_for_ever(client: TestClient) -> None:
    fresh = client.get(pages.asset("tax-chat.js"))
    stale = client.get("/static/tax-chat.js?v=000000000000")
    plain = client.get("/static/tax-chat.js")
    assert "immutable" in fresh.headers["cache-control"]
    assert "immutable" not in stale.headers["cache-control"]
    assert "immutable" not in plain.headers["cache-control"]
    assert plain.headers["access-control-allow-origin"] == "*"
    unchanged = client.get("/static/tax-chat.js", headers={"if-none-match": plain.headers["etag"]})
    assert unchanged.status_code == 304


def test_widget_never_turns_data_into_markup() -> None:
    for script in ("tax-chat.js", "site.js"):
        source = (web.STATIC / script).read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source)


def test_static_files_do_not_leave_their_folder(client: TestClient) -> None:
    assert (web.STATIC.parent / "router.py").is_file()
    assert client.get("/static/../router.py").status_code == 404
    assert client.get("/static/%2e%2e/router.py").status_code == 404
