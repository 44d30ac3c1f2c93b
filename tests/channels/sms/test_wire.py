"""The callbacks of both carriers, byte for byte as they document them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from channels.base import Malformed
from channels.sms.wire import Report, Said, decoded
from hub.outbox.models import Failure
from services.gateways.sms import callbacks

AT = datetime(2026, 11, 22, 4, 0, 1, tzinfo=UTC)

ALIYUN_SAID = """[{"send_time":"2026-11-22 12:00:01","sequence_id":1234567890,"phone_number":"13900000001",
"content":"查发票","sign_name":"12366","dest_code":"1069"}]""".encode()
ALIYUN_REPORT = """[{"send_time":"2026-11-22 12:00:00","report_time":"2026-11-22 12:00:01","success":true,
"err_msg":"用户接收成功","err_code":"DELIVERED","phone_number":"13900000001","sms_size":"1","biz_id":"932702304080415357^0",
"out_id":"our-id"},{"send_time":"2026-11-22 12:00:00","report_time":"2026-11-22 12:00:01","success":false,
"err_msg":"","err_code":"MOBILE_IN_BLACK","phone_number":"13900000002","sms_size":"1","biz_id":"2^0"}]""".encode()
TENCENT_SAID = """{"extend":"","mobile":"13900000001","nationcode":"86","sign":"12366","text":"查发票",
"time":1795320001}""".encode()
TENCENT_REPORT = """[{"user_receive_time":"2026-11-22 12:00:01","nationcode":"86","mobile":"13900000001",
"report_status":"FAIL","errmsg":"UNDELIV","description":"用户关机","sid":"8:Vg6Pd"}]""".encode()


def test_alibaba() -> None:
    [said], reports = decoded("aliyun", ALIYUN_SAID)
    assert said == Said("13900000001", "查发票", AT, said.key)
    [again], _ = decoded("aliyun", ALIYUN_SAID)
    [other], _ = decoded("aliyun", ALIYUN_SAID.replace(b"1234567890", b"1234567891"))
    assert said.key == again.key != other.key
    assert "13900000001" not in said.key
    assert reports == []
    assert decoded("aliyun", ALIYUN_REPORT) == (
        [],
        [
            Report("932702304080415357^0", "our-id", True, None, Failure.PERMANENT),
            Report("2^0", "", False, "unwanted", Failure.PERMANENT),
        ],
    )


def test_tencent() -> None:
    [said], reports = decoded("tencent", TENCENT_SAID)
    assert (said.phone, said.text, said.at, reports) == (
        "13900000001",
        "查发票",
        datetime.fromtimestamp(1795320001, UTC),
        [],
    )
    [again], _ = decoded("tencent", TENCENT_SAID)
    [later], _ = decoded("tencent", TENCENT_SAID.replace(b"1795320001", b"1795320002"))
    assert said.key == again.key != later.key
    assert "13900000001" not in said.key
    assert decoded("tencent", TENCENT_REPORT) == (
        [],
        [Report("8:Vg6Pd", "", False, "phone_off", Failure.TEMPORARY)],
    )


@pytest.mark.parametrize("carrier", ["aliyun", "tencent"])
def test_what_the_sandbox_says_is_what_carriers_say(carrier: str) -> None:
    [said], _ = decoded(carrier, callbacks.said(carrier, "13900000001", "你好😀", AT, 7))
    assert (said.phone, said.text, said.at) == ("13900000001", "你好😀", AT)
    for code, delivered in (("DELIVERED", True), ("DELIVRD", True), ("CONTENT_KEYWORD", False)):
        _, [report] = decoded(carrier, callbacks.reported(carrier, "13900000001", "s1", code, AT))
        assert (report.carrier_id, report.delivered) == ("s1", delivered)
    assert report.failure is Failure.TECHNICAL


@pytest.mark.parametrize(
    ("number", "phone"),
    [("+8613900000001", "13900000001"), ("8613900000001", "13900000001"), ("10086", None), ("12900000001", None)],
)
def test_only_mobile_phones_talk(number: str, phone: str | None) -> None:
    for carrier, body in (("aliyun", ALIYUN_SAID), ("tencent", TENCENT_SAID)):
        said, _ = decoded(carrier, body.replace(b"13900000001", number.encode()))
        assert [one.phone for one in said] == ([phone] if phone else [])


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"null", b'{"mobile": "1"}', b"[" * 100_000, ALIYUN_SAID.replace(b":01", b":99")]
)
@pytest.mark.parametrize("carrier", ["aliyun", "tencent"])
def test_what_no_carrier_says(carrier: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        decoded(carrier, body)
