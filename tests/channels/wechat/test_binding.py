"""Binding WeChat to a phone: out to WeChat, back once, a code, consent; and what the chat knows after it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from channels.web.pages import error_page
from channels.webhook import router_of
from channels.wechat import wording
from channels.wechat.models import SandboxWechatControl
from hub.accounts import identities, sessions
from hub.accounts.models import ChannelIdentity, Consent, Person
from hub.accounts.people import principal_of
from hub.audit import AuditEntry
from hub.kit.db import transaction
from hub.kit.web import CommonGround, add_error_handlers
from hub.settings import get_settings
from hub.skills import Access, Principal
from services.gateways.behaviour import Mode, tell
from services.gateways.registry import sms
from services.gateways.sms.sandbox import inbox
from services.identity import service
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand
from tests.channels.web.test_web_pages import Profile
from tests.hub.accounts.clock_hands import Hands

ANN, EVE = "oAnn", "oEve"
PHONE, OTHER_PHONE = "13900000011", "13900000012"
INSIDE = "Mozilla/5.0 (Linux; Android 14) Mobile MicroMessenger/8.0.47"
BIND = "/channels/wechat/bind"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A carrier and rates with time enough for any machine."""
    monkeypatch.setattr(get_settings(), "sms_timeout_seconds", 30.0)
    monkeypatch.setattr(get_settings(), "rate_message", "100000/minute")
    sms.cache_clear()
    yield
    sms.cache_clear()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    return Hands(monkeypatch)


class Phone:
    """Somebody's phone: a browser inside WeChat, and the text messages that come to it."""

    def __init__(self, app: FastAPI, open_id: str, number: str) -> None:
        self.open_id, self.number = open_id, number
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://hub",
            headers={"User-Agent": INSIDE, "Accept": "text/html"},
        )  # fmt: skip
        self.page = ""

    async def go(self, address: str, **more: object) -> httpx.Response:
        """Open an address; WeChat, when it is asked, says who this is."""
        answer = await self.http.get(address, **more)  # type: ignore[arg-type]
        while answer.is_redirect:
            target = str(answer.next_request.url) if answer.next_request else ""
            if "/sandbox/authorize" in target:
                target = target.split("#")[0] + f"&openid={self.open_id}"
            answer = await self.http.get(target)
        self.page = answer.text
        return answer

    async def to_wechat(self) -> str:
        """Set out; the address with which WeChat would send the browser back."""
        answer = await self.http.get(BIND)
        asked = await self.http.get(answer.headers["location"].split("#")[0] + f"&openid={self.open_id}")
        return asked.headers["location"]

    async def press(self, step: str, **values: str) -> httpx.Response:
        """Send the form of the page."""
        stamp = re.search(r'name="_stamp" value="([^"]+)"', self.page)
        assert stamp, self.page
        answer = await self.http.post(f"{BIND}/{step}", data={"_stamp": stamp[1], **values})
        if answer.is_redirect:
            return await self.go(answer.headers["location"])
        self.page = answer.text
        return answer

    async def code(self) -> str:
        """The code that came last."""
        async with transaction() as session:
            found = re.search(r"\d{6}", (await inbox(session, self.number))[0].text)
        assert found
        return found[0]

    async def bind(self) -> httpx.Response:
        """The whole act."""
        await self.go(BIND)
        await self.press("phone", phone=self.number)
        return await self.press("finish", code=await self.code(), agree="yes")

    def says(self, words: str) -> bool:
        return words in unescape(self.page)


@pytest.fixture
async def app(hand: WechatHand, empty_database: str) -> FastAPI:
    app = FastAPI()
    app.state.site = Profile()
    app.add_middleware(CommonGround)
    add_error_handlers(app, error_page)
    app.include_router(router_of(hand.channel))
    return app


@pytest.fixture
async def ann(app: FastAPI) -> AsyncIterator[Phone]:
    phone = Phone(app, ANN, PHONE)
    yield phone
    await phone.http.aclose()


@pytest.fixture
async def eve(app: FastAPI) -> AsyncIterator[Phone]:
    phone = Phone(app, EVE, OTHER_PHONE)
    yield phone
    await phone.http.aclose()


async def linked() -> dict[str, str]:
    """Who is linked to which phone."""
    async with transaction() as session:
        rows = await session.execute(
            select(ChannelIdentity, Person).join(Person, Person.id == ChannelIdentity.person_id)
        )
        return {identity.address: person.phone or "" for identity, person in rows.tuples()}


async def known_as(door: Bench) -> Principal | None:
    """Whom the hub knows in the only talk there is."""
    talk = await door.conversation()
    async with transaction() as session:
        return await principal_of(session, sessions.subject_of(talk.id))


async def done(action: str) -> int:
    async with transaction() as session:
        return len((await session.scalars(select(AuditEntry).where(AuditEntry.action == action))).all())


class TestBinding:
    async def test_who_has_bound_is_known_in_the_chat_without_a_code(
        self, door: Bench, hand: WechatHand, ann: Phone
    ) -> None:
        await ann.bind()
        assert ann.says(wording.SAID["linked"])
        assert ann.says("139****0011")
        assert await linked() == {ANN: PHONE}
        await door.say(hand.text(ANN, "你好", 1))
        known = await known_as(door)
        assert known is not None
        assert (known.level, known.name) == (Access.VERIFIED, "手机尾号0011的用户")
        async with transaction() as session:
            given = (await session.scalars(select(Consent))).all()
        assert {(one.kind, one.channel) for one in given} == {("sign_in", "wechat"), ("link_wechat", "wechat")}
        assert await done("identity.linked") == 1

    async def test_who_was_in_the_chat_before_is_known_with_the_next_message(
        self, door: Bench, hand: WechatHand, ann: Phone
    ) -> None:
        await door.say(hand.text(ANN, "你好", 1))
        assert await known_as(door) is None
        await ann.bind()
        await door.say(hand.text(ANN, "还在吗", 2))
        assert await known_as(door) is not None

    async def test_the_address_asked_of_wechat_is_the_documented_one(self, ann: Phone, hand: WechatHand) -> None:
        answer = await ann.http.get(BIND)
        asked = urlsplit(answer.headers["location"])
        query = parse_qs(asked.query)
        assert (answer.status_code, asked.fragment) == (303, "wechat_redirect")
        assert list(query) == ["appid", "redirect_uri", "response_type", "scope", "state"]
        assert query["appid"] == [hand.account.app_id]
        assert query["scope"] == ["snsapi_base"]
        assert re.fullmatch(r"[0-9a-f]{64}", query["state"][0])
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie

    async def test_the_same_twice_is_harmless(self, ann: Phone) -> None:
        await ann.go(BIND)
        await ann.press("phone", phone=PHONE)
        code, page = await ann.code(), ann.page
        for _ in range(2):
            ann.page = page
            await ann.press("finish", code=code, agree="yes")
        assert await linked() == {ANN: PHONE}
        assert await done("identity.linked") == 1

    async def test_outside_of_wechat_a_code_to_scan_is_shown(self, ann: Phone) -> None:
        ann.http.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0)"
        answer = await ann.go(BIND)
        assert (answer.status_code, ann.says("请用手机微信打开本页")) == (200, True)
        assert "data:image/svg+xml" in ann.page
        assert ann.says(f"http://hub{BIND}")

    async def test_a_new_wechat_of_the_same_person_ends_the_old_link(
        self, ann: Phone, eve: Phone, hands: Hands
    ) -> None:
        await ann.bind()
        hands.move(minutes=2)
        eve.number = PHONE
        await eve.bind()
        assert eve.says(wording.SAID["moved"])
        assert await linked() == {EVE: PHONE}


class TestForgery:
    async def test_what_wechat_sent_back_works_once(self, ann: Phone) -> None:
        back = await ann.to_wechat()
        first = await ann.go(back)
        assert first.status_code == 200
        again = await ann.go(back)
        assert (again.status_code, ann.says("手机号码")) == (200, True), "the same browser is where it was"

    async def test_somebody_elses_callback_binds_nothing(self, ann: Phone, eve: Phone) -> None:
        """Eve would have Ann finish with Eve's WeChat, so that Eve's chat knew Ann."""
        await ann.go(BIND)
        answer = await ann.go(await eve.to_wechat())
        assert (answer.status_code, ann.says(wording.BINDING_OVER)) == (403, True)
        await ann.go(f"{BIND}/me")
        await ann.press("phone", phone=PHONE)
        await ann.press("finish", code=await ann.code(), agree="yes")
        assert await linked() == {ANN: PHONE}

    async def test_a_callback_after_it_was_used_elsewhere_is_refused(self, ann: Phone, eve: Phone) -> None:
        back = await ann.to_wechat()
        await ann.go(back)
        answer = await eve.go(back)
        assert (answer.status_code, eve.says(wording.BINDING_OVER)) == (403, True)

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=y", "?code=" + "x" * 100])
    async def test_a_made_up_callback_is_refused(self, ann: Phone, query: str) -> None:
        await ann.http.get(BIND)
        answer = await ann.go(f"{BIND}/back{query}")
        assert (answer.status_code, ann.says(wording.BINDING_OVER)) == (403, True)

    async def test_a_code_that_wechat_does_not_know_says_what_to_do(self, ann: Phone) -> None:
        back = await ann.to_wechat()
        await ann.go(re.sub(r"code=\w+", "code=made-up", back))
        assert ann.says(wording.BINDING_OVER)
        await ann.go(f"{BIND}/me")
        assert ann.says(wording.BINDING_OVER)

    async def test_a_code_of_wechat_works_once(self, ann: Phone) -> None:
        first, second = await ann.to_wechat(), await ann.to_wechat()
        assert (await ann.go(first)).status_code == 200
        code = re.search(r"code=\w+", first)
        assert code
        await ann.go(re.sub(r"code=\w+", code[0], second))
        assert ann.says(wording.BINDING_OVER)

    async def test_who_takes_too_long_begins_anew(self, ann: Phone, hands: Hands) -> None:
        back = await ann.to_wechat()
        hands.move(minutes=11)
        assert (await ann.go(back)).status_code == 403
        await ann.go(BIND)
        page = ann.page
        hands.move(minutes=16)
        ann.page = page
        assert (await ann.press("phone", phone=PHONE)).status_code == 403
        assert ann.says("重新打开绑定页面")

    async def test_a_form_of_another_browser_is_refused(self, ann: Phone, eve: Phone) -> None:
        await ann.go(BIND)
        await eve.go(BIND)
        ann.page = eve.page
        assert (await ann.press("phone", phone=PHONE)).status_code == 403
        assert ann.says(wording.PAGE_IS_OLD)

    async def test_wechats_page_sends_nobody_elsewhere(self, ann: Phone) -> None:
        asked = (await ann.http.get(BIND)).headers["location"].split("#")[0]
        for elsewhere in ("https%3A%2F%2Fevil.example%2F", "http%3A%2F%2Fhub%2Fservices"):
            wrong = re.sub(r"redirect_uri=[^&]+", f"redirect_uri={elsewhere}", asked)
            assert (await ann.http.get(wrong + "&openid=oAnn")).status_code == 422


class TestTrouble:
    async def test_a_wrong_code_can_be_tried_again(self, ann: Phone) -> None:
        await ann.go(BIND)
        await ann.press("phone", phone=PHONE)
        code = await ann.code()
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        assert (await ann.press("finish", code=wrong, agree="yes")).status_code == 422
        assert ann.says("还可以再试4次")
        assert await linked() == {}
        await ann.press("finish", code=code, agree="yes")
        assert await linked() == {ANN: PHONE}

    async def test_without_consent_nothing_is_bound_and_the_code_stays_good(self, ann: Phone) -> None:
        await ann.go(BIND)
        await ann.press("phone", phone=PHONE)
        await ann.press("finish", code=await ann.code())
        assert ann.says(wording.CONSENT_MISSING)
        assert await linked() == {}
        async with transaction() as session:
            assert (await session.scalars(select(Person))).all() == []
        await ann.press("finish", code=await ann.code(), agree="yes")
        assert await linked() == {ANN: PHONE}

    @pytest.mark.parametrize("given", ["", "138", "abc", "<script>", "1" * 40])
    async def test_a_wrong_number_is_said_at_its_field(self, ann: Phone, given: str) -> None:
        await ann.go(BIND)
        answer = await ann.press("phone", phone=given)
        assert answer.status_code == 422
        assert ann.says("11位数字")
        assert "<script>" not in ann.page.split("<main")[1]

    async def test_another_number_and_another_code(self, ann: Phone, hands: Hands) -> None:
        await ann.go(BIND)
        await ann.press("phone", phone=OTHER_PHONE)
        await ann.press("again")
        assert ann.says("秒后再重新获取")
        hands.move(minutes=2)
        await ann.press("again")
        assert ann.says("已重新发送")
        await ann.press("other")
        await ann.press("phone", phone=PHONE)
        await ann.press("finish", code=await ann.code(), agree="yes")
        assert await linked() == {ANN: PHONE}

    async def test_the_code_of_another_browser_is_none(self, ann: Phone, eve: Phone, hands: Hands) -> None:
        """Eve has a code sent to Ann's phone from her own WeChat; what Ann types in elsewhere is not Eve's."""
        eve.number = PHONE
        await eve.go(BIND)
        await eve.press("phone", phone=PHONE)
        evil = await ann.code()
        hands.move(minutes=2)
        await ann.go(BIND)
        await ann.press("phone", phone=PHONE)
        assert (await ann.press("finish", code=evil, agree="yes")).status_code == 422
        assert await linked() == {}

    @pytest.mark.parametrize("mode", [Mode.DOWN, Mode.ERROR, Mode.GARBAGE])
    async def test_wechat_away_is_said(self, ann: Phone, mode: Mode) -> None:
        back = await ann.to_wechat()
        async with transaction() as session:
            await tell(session, SandboxWechatControl, mode=mode, delay_ms=None)
        answer = await ann.go(back)
        assert (answer.status_code, ann.says(wording.WECHAT_AWAY)) == (503, True)


class TestLinkedAlready:
    async def test_a_bound_wechat_shows_to_whom_and_asks_for_no_number(self, ann: Phone) -> None:
        await ann.bind()
        await ann.go(BIND)
        assert ann.says("已绑定手机号 139****0011")
        assert 'name="phone"' not in ann.page

    async def test_what_was_bound_meanwhile_is_not_taken_over(self, ann: Phone, hands: Hands, app: FastAPI) -> None:
        await ann.go(BIND)
        await ann.press("phone", phone=PHONE)
        page, code = ann.page, await ann.code()
        second = Phone(app, ANN, OTHER_PHONE)
        await second.bind()
        ann.page = page
        answer = await ann.press("finish", code=code, agree="yes")
        assert (answer.status_code, ann.says(wording.BINDING_TAKEN)) == (403, True)
        assert await linked() == {ANN: OTHER_PHONE}
        await second.http.aclose()

    async def test_letting_go_ends_the_link_and_what_stood_on_it(
        self, door: Bench, hand: WechatHand, ann: Phone
    ) -> None:
        await ann.bind()
        await door.say(hand.text(ANN, "你好", 1))
        await ann.go(BIND)
        page = ann.page
        for _ in range(2):
            ann.page = page
            await ann.press("undo")
        assert ann.says("获取验证码")
        assert await linked() == {}
        assert await known_as(door) is None
        await door.say(hand.text(ANN, "还在吗", 2))
        assert await known_as(door) is None
        assert await done("identity.unlinked") == 1
        async with transaction() as session:
            standing = await session.scalars(select(Consent.kind).where(Consent.withdrawn_at.is_(None)))
            assert set(standing) == {"sign_in"}

    async def test_signing_out_in_the_chat_lets_go(self, door: Bench, hand: WechatHand, ann: Phone) -> None:
        await ann.bind()
        await door.say(hand.text(ANN, "你好", 1))
        known, talk = await known_as(door), await door.conversation()
        assert known is not None
        await service.sign_out(known, sessions.subject_of(talk.id))
        await door.say(hand.text(ANN, "还在吗", 2))
        assert await known_as(door) is None

    async def test_taking_the_consent_back_lets_go_and_keeps_the_phone(self, ann: Phone) -> None:
        await ann.bind()
        async with transaction() as session:
            person = (await session.scalars(select(Person))).one()
            given = (await session.scalars(select(Consent).where(Consent.kind == "link_wechat"))).one()
        await service.withdraw_consent(person.id, given.id)
        assert await linked() == {}
        async with transaction() as session:
            assert (await session.get_one(Person, person.id)).phone == PHONE

    async def test_a_talk_carried_over_does_not_sign_its_other_end_in(
        self, door: Bench, hand: WechatHand, ann: Phone
    ) -> None:
        """Whoever still holds the web page of the talk is not signed in by a message in WeChat."""
        await ann.bind()
        await door.say(hand.text(ANN, "你好", 1))
        async with transaction() as session:
            talk = await door.conversation()
            (await session.merge(talk)).channel = "web"
            await sessions.end(session, sessions.subject_of(talk.id))
        await door.say(hand.text(ANN, "还在吗", 2))
        assert await known_as(door) is None

    async def test_a_page_opens_no_window_for_messages(self, ann: Phone) -> None:
        await ann.bind()
        async with transaction() as session:
            found = await identities.found(session, "wechat", (await _account(session)), ANN)
        assert found is not None
        assert found.heard_at == identities.NEVER


async def _account(session: object) -> str:
    return (await session.scalars(select(ChannelIdentity.account))).one()  # type: ignore[attr-defined,no-any-return]
