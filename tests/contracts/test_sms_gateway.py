"""What every SMS gateway must do: the sandbox, and the real client against the carrier's protocol on loopback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from services.gateways.behaviour import Mode, tell
from services.gateways.errors import GatewayError, GatewayFault, GatewayTimeout, GatewayUnavailable
from services.gateways.signature import Credentials
from services.gateways.sms import peer_tencent, sandbox
from services.gateways.sms.acs3 import canonical_query, signature
from services.gateways.sms.aliyun import SmsAliyun
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.peer import create_peer
from services.gateways.sms.protocol import DeliveryState, Refusal, SmsGateway, SmsReply, SmsRequest
from services.gateways.sms.sandbox import SmsSandbox
from services.gateways.sms.switchboard import SmsSwitchboard
from services.gateways.sms.tc3 import signature as tc3_signature
from services.gateways.sms.templates import TEMPLATES
from services.gateways.sms.tencent import SmsTencent
from tests.contracts.served import Served, served
from tests.hub.accounts.clock_hands import Hands

KEY = Credentials("key-of-tests", "secret-of-tests")
APP = "1400006666"
CODES = {name: f"SMS_{number:06d}" for number, name in enumerate(TEMPLATES)}
PHONE, OTHER = "1999999" + "8001", "1999999" + "8002"
NOTICE = {"who": "杭州甲有限公司", "count": "2", "due": "11月25日"}


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of the test."""
    return Hands(monkeypatch)


@pytest.fixture(scope="session")
async def peer(database: str) -> AsyncIterator[Served]:
    """The peer on a free port of loopback."""
    async with served(create_peer(KEY, CODES)) as peer:
        yield peer


@pytest.fixture(scope="session")
async def tencent(database: str) -> AsyncIterator[Served]:
    """The peer of the other carrier."""
    async with served(peer_tencent.create_peer(KEY, APP, CODES)) as peer:
        yield peer


@pytest.fixture(params=["sandbox", "aliyun", "tencent", "switchboard"])
async def opened(
    request: pytest.FixtureRequest, empty_database: str, peer: Served, tencent: Served
) -> AsyncIterator[Callable[[float], SmsGateway]]:
    """Opens each implementation in turn, with a time-out, in front of an untouched sandbox."""
    gateways: list[SmsGateway] = []

    def open_gateway(timeout_seconds: float) -> SmsGateway:
        if request.param == "sandbox":
            gateways.append(SmsSandbox(timeout_seconds))
        elif request.param == "tencent":
            gateways.append(SmsTencent(tencent.url, KEY, APP, "ap-guangzhou", "12366", CODES, timeout_seconds))
        elif request.param == "switchboard":
            gateways.append(SmsSwitchboard({"aliyun": SmsAliyun(peer.url, KEY, "12366", CODES, timeout_seconds)}))
        else:
            gateways.append(SmsAliyun(peer.url, KEY, "12366", CODES, timeout_seconds))
        return gateways[-1]

    yield open_gateway
    for gateway in gateways:
        await gateway.close()
    await peer.come_to_rest()
    await tencent.come_to_rest()


@pytest.fixture
def gateway(opened: Callable[[float], SmsGateway]) -> SmsGateway:
    """One with time on a busy machine, too."""
    return opened(30)


def a_code(**changes: Any) -> SmsRequest:
    """A message with a code, with changes."""
    plain = {
        "message_id": str(new_id()), "phone": PHONE, "template": "sign_in_code",
        "parameters": {"code": "024680", "minutes": "5"},
    }  # fmt: skip
    return SmsRequest(**(plain | changes))


async def received(phone: str = PHONE) -> list[str]:
    """What came to a phone, the newest first."""
    async with transaction() as session:
        return [one.text for one in await sandbox.inbox(session, phone)]


async def tell_sandbox(mode: Mode = Mode.NORMAL, delay_ms: int = 0) -> None:
    """Have the sandbox behave so from now on."""
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=mode, delay_ms=delay_ms)


@pytest.mark.parametrize("first", [True, False])
async def test_a_message_arrives(gateway: SmsGateway, first: bool) -> None:
    reply = await gateway.send(a_code(first=first))
    assert reply.accepted
    assert reply.carrier_id
    [text] = await received()
    assert text.startswith("【12366】验证码024680，5分钟内有效")
    assert await received(OTHER) == []


async def test_text_passes_unharmed(gateway: SmsGateway) -> None:
    parameters = {"code": "100% & a=b/c+d ~*'()", "minutes": "五"}
    assert (await gateway.send(a_code(parameters=parameters))).accepted
    [text] = await received()
    assert "100% & a=b/c+d ~*'()，五分钟" in text


async def test_a_repeat_sends_nothing_today_and_tomorrow(gateway: SmsGateway, hands: Hands) -> None:
    request = a_code()
    assert (await gateway.send(request)).accepted
    for _ in range(2):
        assert (await gateway.send(request)).accepted
        hands.move(hours=20)
    assert len(await received()) == 1


async def test_what_became_of_a_message(gateway: SmsGateway, hands: Hands) -> None:
    request = a_code()
    day = clock.today()
    assert await gateway.delivery(request.message_id, PHONE, day) is None
    await gateway.send(request)
    assert await gateway.delivery(request.message_id, PHONE, day) is DeliveryState.DELIVERED
    hands.move(days=1)
    assert await gateway.delivery(request.message_id, PHONE, clock.today()) is None
    assert await gateway.delivery(request.message_id, OTHER, day) is None
    assert await gateway.delivery(request.message_id, PHONE, day) is DeliveryState.DELIVERED


async def test_it_is_found_among_many(gateway: SmsGateway, hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "NOTICE_LIMITS", ())
    first = a_code()
    await gateway.send(first)
    async with transaction() as session:
        for number in range(60):
            taken = await sandbox.take(session, f"notice {number}", PHONE, "tax_reminder", NOTICE)
            assert taken.accepted
    assert await gateway.delivery(first.message_id, PHONE, clock.today()) is DeliveryState.DELIVERED
    assert (await gateway.send(first)).accepted
    assert len(await received()) == 20, "and nothing was sent: the newest are the notices"
    assert not any("024680" in text for text in await received())


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"phone": "12345"}, Refusal.NUMBER),
        ({"phone": "0571-88888888"}, Refusal.NUMBER),
        ({"template": "never_registered"}, Refusal.TEMPLATE),
        ({"parameters": {"code": "024680"}}, Refusal.TEMPLATE),
    ],
)
async def test_what_the_carrier_does_not_take(gateway: SmsGateway, changes: dict[str, Any], refusal: Refusal) -> None:
    reply = await gateway.send(a_code(first=True, **changes))
    assert (reply.accepted, reply.carrier_id, reply.refusal) == (False, "", refusal)
    assert await received() == []


async def test_one_code_a_minute_five_an_hour_ten_a_day(gateway: SmsGateway, hands: Hands) -> None:
    both = await asyncio.gather(*(gateway.send(a_code()) for _ in range(4)))
    assert Counter(one.refusal for one in both) == {None: 1, Refusal.LIMITED: 3}
    for _ in range(4):
        hands.move(minutes=1)
        assert (await gateway.send(a_code())).accepted
    hands.move(minutes=1)
    assert (await gateway.send(a_code())).refusal is Refusal.LIMITED
    assert (await gateway.send(a_code(template="tax_reminder", parameters=NOTICE))).accepted
    assert (await gateway.send(a_code(phone=OTHER))).accepted
    for _ in range(5):
        hands.move(hours=1)
        assert (await gateway.send(a_code())).accepted
    hands.move(hours=1)
    assert (await gateway.send(a_code())).refusal is Refusal.LIMITED
    hands.move(hours=18)
    assert (await gateway.send(a_code())).accepted


@pytest.mark.parametrize(
    ("mode", "error"),
    [(Mode.DOWN, GatewayUnavailable), (Mode.ERROR, GatewayFault), (Mode.GARBAGE, GatewayFault)],
)
async def test_trouble_is_told_apart_and_a_repeat_is_safe(
    gateway: SmsGateway, mode: Mode, error: type[Exception]
) -> None:
    request = a_code()
    await tell_sandbox(mode)
    with pytest.raises(error):
        await gateway.send(request)
    with pytest.raises(error):
        await gateway.delivery(request.message_id, PHONE, clock.today())
    await tell_sandbox()
    assert (await gateway.send(request)).accepted
    assert len(await received()) == 1


async def test_a_slow_answer_is_a_time_out_and_its_repeat_sends_nothing(
    opened: Callable[[float], SmsGateway], gateway: SmsGateway
) -> None:
    request = a_code()
    await tell_sandbox(delay_ms=4_000)
    with pytest.raises(GatewayTimeout):
        await opened(1).send(request)
    await tell_sandbox()
    assert (await gateway.send(request)).accepted
    assert len(await received()) == 1


# --- the carrier's own protocol


def test_the_signature_is_the_one_of_the_documentation() -> None:
    query = canonical_query(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z", "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    }  # fmt: skip
    assert signature("YourAccessKeySecret", "POST", query, headers) == (
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def client(answer: httpx.Response | Exception) -> SmsAliyun:
    """A client whose network gives one answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SmsAliyun("https://carrier.example", KEY, "12366", CODES, 30, httpx.MockTransport(handle))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ConnectError("no"), GatewayUnavailable),
        (httpx.ConnectTimeout("no"), GatewayUnavailable),
        (httpx.ReadTimeout("slow"), GatewayTimeout),
        (httpx.ReadError("cut off"), GatewayTimeout),
        (httpx.RemoteProtocolError("cut off"), GatewayTimeout),
        (httpx.Response(503), GatewayUnavailable),
        (httpx.Response(400, json={"Code": "Throttling.User"}), GatewayUnavailable),
        (httpx.Response(400, json={"Code": "SignatureDoesNotMatch"}), GatewayFault),
        (httpx.Response(200, json={"Code": "isp.SYSTEM_ERROR"}), GatewayFault),
        (httpx.Response(200, json={"Code": 7}), GatewayFault),
        (httpx.Response(200, json=[]), GatewayFault),
        (httpx.Response(200, content=b"\xff"), GatewayFault),
    ],
)
async def test_whether_it_was_certainly_not_sent(
    answer: httpx.Response | Exception, error: type[GatewayError]
) -> None:  # fmt: skip
    with pytest.raises(error):
        await client(answer).send(a_code(first=True))


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", Refusal.LIMITED),
        ("isv.MOBILE_NUMBER_ILLEGAL", Refusal.NUMBER),
        ("isv.AMOUNT_NOT_ENOUGH", Refusal.ACCOUNT),
        ("isv.SMS_SIGNATURE_ILLEGAL", Refusal.TEMPLATE),
        ("isv.BLACK_KEY_CONTROL_LIMIT", Refusal.OTHER),
    ],
)
async def test_the_carriers_codes(code: str, refusal: Refusal) -> None:
    answer = httpx.Response(200, json={"Code": code, "Message": "…"})
    assert await client(answer).send(a_code(first=True)) == SmsReply(accepted=False, refusal=refusal)


@pytest.mark.parametrize("details", [{"SmsSendDetailDTO": [{}]}, {"SmsSendDetailDTO": "x"}, ["x"]])
async def test_details_that_cannot_be_read_are_a_fault(details: object) -> None:
    answer = httpx.Response(200, json={"Code": "OK", "SmsSendDetailDTOs": details})
    with pytest.raises(GatewayFault):
        await client(answer).delivery("1", PHONE, clock.today())


@pytest.mark.parametrize("url", ["http://carrier.example", "carrier.example"])
def test_only_https_or_this_machine(url: str) -> None:
    with pytest.raises(ValueError, match="HUB_SMS_URL"):
        SmsAliyun(url, KEY, "12366", CODES, 1)


def test_every_template_needs_the_carriers_code() -> None:
    with pytest.raises(ValueError, match="sign_in_code"):
        SmsAliyun("https://carrier.example", KEY, "12366", {}, 1)


async def test_the_peer_lets_in_what_is_signed_fresh_and_new(empty_database: str, hands: Hands) -> None:
    sent: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"Code": "OK", "BizId": "1"})

    await SmsAliyun("http://127.0.0.1", KEY, "12366", CODES, 30, httpx.MockTransport(keep)).send(a_code(first=True))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_peer(KEY, CODES))) as wire:

        async def post(query: bytes = sent[0].url.query, **changes: str) -> Any:
            headers = dict(sent[0].headers) | changes
            return (await wire.post(sent[0].url.copy_with(query=query), headers=headers)).json()["Code"]

        assert await post(sent[0].url.query.replace(b"024680", b"999999")) == "SignatureDoesNotMatch"
        assert await post(**{"x-acs-date": "2026-11-22T04:00:01Z"}) == "SignatureDoesNotMatch"
        assert await post(authorization="") == "MissingAuthorization"
        assert await post(authorization=sent[0].headers["authorization"].replace("key-of", "kez-of")) == (
            "InvalidAccessKeyId.NotFound"
        )
        hands.move(minutes=16)
        assert await post() == "InvalidTimeStamp.Expired"
        hands.move(minutes=-16)
        assert await post() == "OK"
        assert await post() == "SignatureNonceUsed"
    assert len(await received()) == 1


# --- the protocol of Tencent Cloud


def test_the_signature_of_the_other_carrier_is_the_one_of_its_documentation() -> None:
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    headers = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}
    assert tc3_signature("Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", 1551113065, headers, body) == (
        "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
    )


def tencent_client(answer: httpx.Response | Exception) -> SmsTencent:
    """A client whose network gives one answer."""

    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(handle)
    return SmsTencent("https://carrier.example", KEY, APP, "ap-guangzhou", "12366", CODES, 30, transport)


def error(code: str) -> httpx.Response:
    """An error of the whole request."""
    return httpx.Response(200, json={"Response": {"Error": {"Code": code, "Message": "…"}, "RequestId": "1"}})


def status(code: str) -> httpx.Response:
    """What is said of the one number."""
    sent = {"SerialNo": "", "PhoneNumber": "+86" + PHONE, "Fee": 0, "SessionContext": "", "Code": code, "Message": "…"}
    return httpx.Response(200, json={"Response": {"SendStatusSet": [sent], "RequestId": "1"}})


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (httpx.ConnectError("no"), GatewayUnavailable),
        (httpx.ReadTimeout("slow"), GatewayTimeout),
        (httpx.RemoteProtocolError("cut off"), GatewayTimeout),
        (httpx.Response(503), GatewayUnavailable),
        (error("RequestLimitExceeded"), GatewayUnavailable),
        (error("InternalError"), GatewayFault),
        (error("AuthFailure.SignatureFailure"), GatewayFault),
        (status("InternalError.Timeout"), GatewayFault),
        (httpx.Response(200, json={"Response": {"Error": {}}}), GatewayFault),
        (httpx.Response(200, json={"Response": {"SendStatusSet": []}}), GatewayFault),
        (httpx.Response(200, json={"Response": []}), GatewayFault),
        (httpx.Response(200, json=[]), GatewayFault),
        (httpx.Response(200, content=b"\xff"), GatewayFault),
    ],
)
async def test_whether_the_other_carrier_certainly_did_not_send(
    answer: httpx.Response | Exception, raised: type[GatewayError]
) -> None:
    with pytest.raises(raised):
        await tencent_client(answer).send(a_code(first=True))


@pytest.mark.parametrize("says", [error, status])
@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", Refusal.LIMITED),
        ("InvalidParameterValue.IncorrectPhoneNumber", Refusal.NUMBER),
        ("FailedOperation.PhoneNumberInBlacklist", Refusal.UNWANTED),
        ("FailedOperation.InsufficientBalanceInSmsPackage", Refusal.ACCOUNT),
        ("FailedOperation.SignatureIncorrectOrUnapproved", Refusal.TEMPLATE),
        ("FailedOperation.ContainSensitiveWord", Refusal.OTHER),
    ],
)
async def test_the_other_carriers_codes(says: Callable[[str], httpx.Response], code: str, refusal: Refusal) -> None:
    reply = await tencent_client(says(code)).send(a_code(first=True))
    assert reply == SmsReply(accepted=False, refusal=refusal)


async def test_the_other_peer_lets_in_what_is_signed_and_fresh(empty_database: str, hands: Hands) -> None:
    sent: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return status("Ok")

    transport = httpx.MockTransport(keep)
    await SmsTencent("http://127.0.0.1", KEY, APP, "ap-guangzhou", "12366", CODES, 30, transport).send(
        a_code(first=True)
    )
    app = peer_tencent.create_peer(KEY, APP, CODES)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as wire:

        async def post(body: bytes = sent[0].content, **changes: str) -> Any:
            headers = {name: value for name, value in sent[0].headers.items() if name != "content-length"} | changes
            answer = (await wire.post(sent[0].url, content=body, headers=headers)).json()["Response"]
            return answer["Error"]["Code"] if "Error" in answer else answer["SendStatusSet"][0]["Code"]

        assert await post(sent[0].content.replace(b"024680", b"999999")) == "AuthFailure.SignatureFailure"
        assert await post(**{"x-tc-timestamp": "1795320001"}) != "Ok"
        assert await post(authorization="") == "AuthFailure.InvalidAuthorization"
        assert await post(authorization=sent[0].headers["authorization"].replace("key-of", "kez-of")) == (
            "AuthFailure.SecretIdNotFound"
        )
        hands.move(minutes=6)
        assert await post() == "AuthFailure.SignatureExpire"
        hands.move(minutes=-6)
        assert await post() == "Ok"
    assert len(await received()) == 1
