"""Whatever is sent to the callback: never an error of ours, and nothing is kept that WeChat did not sign."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.base import Call
from channels.wechat import xml
from tests.channels.bench import Bench
from tests.channels.hands.wechat import WechatHand

NAMES = st.sampled_from(
    ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content", "Event", "EventKey", "MediaId",
     "Recognition", "Encrypt", "a"]
)  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=40), st.integers().map(str),
    st.sampled_from(["text", "event", "voice", "image", "subscribe", "SCAN", "CLICK", "say:x", "carry_x", "同意"]),
)  # fmt: skip
DOCUMENTS = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.dictionaries(NAMES, VALUES, max_size=10).map(lambda fields: xml.written(fields).encode("utf-8", "replace")),
)
QUERIES = st.dictionaries(
    st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "echostr", "openid"]),
    st.one_of(st.text(max_size=50), st.sampled_from(["aes", "raw", "0", "1795389211"])),
)
MANY = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@MANY
@given(document=DOCUMENTS)
async def test_signed_nonsense_is_no_error_of_ours(door: Bench, hand: WechatHand, document: bytes) -> None:
    response = await door.call(hand.player.call(document))
    assert response.status_code in (200, 400, 401)
    await door.turns()


@MANY
@given(method=st.sampled_from(["GET", "POST"]), query=QUERIES, body=DOCUMENTS)
async def test_unsigned_calls_are_refused_and_nothing_is_kept(
    door: Bench, method: str, query: dict[str, str], body: bytes
) -> None:
    query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    response = await door.call(Call(method, query, {}, body if method == "POST" else b""))
    assert response.status_code in (400, 401)
    assert await door.stored() == []
    assert await door.identities() == []
