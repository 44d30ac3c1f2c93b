"""The wire forms by the letter, apart from the stand-ins, which share our code: what is signed, sealed and read."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from hub.kit.clock import SHANGHAI
from services.gateways.payments.alipay.signature import node_of, notice_signed, notice_verifies, signed, text_to_sign
from services.gateways.payments.calling import Caller, amount_of, china_time, fen, yuan
from services.gateways.payments.protocol import Closed, NotYet, Paid
from services.gateways.payments.rsa import read_private_key, read_public_key, sign, verifies
from services.gateways.payments.wechat.channel import Transaction
from services.gateways.payments.wechat.signature import (
    answer_text,
    authorization_fields,
    request_text,
    unseal,
)

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_a_signature_is_pkcs1_over_sha256_in_base64() -> None:
    signature = sign(KEY, b"message")
    KEY.public_key().verify(base64.b64decode(signature), b"message", padding.PKCS1v15(), hashes.SHA256())
    assert verifies(KEY.public_key(), b"message", signature)
    for wrong in ("", "谁", "AAAA", signature[:-4], signature.lower()):
        assert not verifies(KEY.public_key(), b"message", wrong)


def test_wechat_signs_five_lines_and_its_answers_three() -> None:
    nonce = "593BEC0C930BF1AFEB40B4A08C8FB242"
    assert request_text("GET", "/v3/certificates", "1554208460", nonce, b"") == (
        b"GET\n/v3/certificates\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n\n"
    )
    assert answer_text("1554208460", nonce, b'{"a":1}') == (b'1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n{"a":1}\n')


def test_wechat_authorization_is_read_field_by_field() -> None:
    header = 'WECHATPAY2-SHA256-RSA2048 mchid="19",nonce_str="N",signature="a+/=",timestamp="1",serial_no="S"'
    assert authorization_fields(header) == {
        "mchid": "19", "nonce_str": "N", "signature": "a+/=", "timestamp": "1", "serial_no": "S",
    }  # fmt: skip
    assert authorization_fields("Bearer x") == {}


def test_wechat_resources_are_opened_with_our_key_only() -> None:
    key, nonce = b"k" * 32, "0123456789ab"
    sealed = base64.b64encode(AESGCM(key).encrypt(nonce.encode(), b'{"x":1}', b"transaction")).decode()
    resource = {
        "algorithm": "AEAD_AES_256_GCM", "ciphertext": sealed, "nonce": nonce, "associated_data": "transaction",
        "original_type": "transaction",
    }  # fmt: skip
    assert unseal(key, resource) == b'{"x":1}'
    for change in ({"associated_data": "other"}, {"nonce": "ba9876543210"}, {"algorithm": "NONE"}, {"nonce": None}):
        with pytest.raises(ValueError, match=r".+"):
            unseal(key, resource | change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not sealed"):
        unseal(b"o" * 32, resource)


@pytest.mark.parametrize(
    ("state", "standing"),
    [("NOTPAY", NotYet("o1")), ("USERPAYING", NotYet("o1")), ("CLOSED", Closed("o1")), ("REVOKED", Closed("o1"))],
)
def test_wechat_states(state: str, standing: object) -> None:
    told = Transaction(appid="a", mchid="m", out_trade_no="o1", trade_state=state)
    assert told.standing() == standing


def test_a_wechat_payment_is_read_in_yuan() -> None:
    told = Transaction.model_validate_json(
        '{"appid":"a","mchid":"m","out_trade_no":"o1","trade_state":"SUCCESS","transaction_id":"42","trade_type":"NATIVE",'
        '"success_time":"2026-11-22T12:00:00+08:00","amount":{"total":445201,"payer_total":445201,"currency":"CNY"}}'
    )
    paid_at = datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)
    assert told.standing() == Paid("o1", "42", Decimal("4452.01"), paid_at)
    with pytest.raises(ValueError, match="without"):
        Transaction(appid="a", mchid="m", out_trade_no="o1", trade_state="SUCCESS").standing()


def test_alipay_signs_sorted_parameters_that_have_a_value() -> None:
    params = {"method": "m", "app_id": "1", "biz_content": '{"a":"b"}', "empty": "", "sign_type": "RSA2", "sign": "x"}
    assert text_to_sign(params, "sign") == b'app_id=1&biz_content={"a":"b"}&method=m&sign_type=RSA2'
    assert text_to_sign(params, "sign", "sign_type") == b'app_id=1&biz_content={"a":"b"}&method=m'


def test_alipay_notices_leave_the_sign_type_out_and_requests_do_not() -> None:
    params = {"out_trade_no": "o1", "total_amount": "1.00"}
    notice = notice_signed(KEY, params)
    assert verifies(KEY.public_key(), b"out_trade_no=o1&total_amount=1.00", notice["sign"])
    assert notice_verifies(KEY.public_key(), notice)
    assert not notice_verifies(KEY.public_key(), notice | {"total_amount": "2.00"})
    assert not notice_verifies(KEY.public_key(), notice | {"sign_type": "RSA"})
    request = signed(KEY, params | {"sign_type": "RSA2"})
    assert verifies(KEY.public_key(), b"out_trade_no=o1&sign_type=RSA2&total_amount=1.00", request["sign"])


def test_alipay_signs_the_node_as_it_stands_in_the_text() -> None:
    raw = '{"code":"10000","msg":"Success","qr_code":"https:\\/\\/qr.alipay.com\\/bax0","inner":{"a":"}"}}'
    for text in (
        f'{{"alipay_trade_precreate_response":{raw},"sign":"s"}}',
        f'{{"alipay_trade_precreate_response": {raw}, "sign": "s"}}',
    ):
        found, node = node_of(text, "alipay_trade_precreate_response")
        assert found == raw
        assert node["qr_code"] == "https://qr.alipay.com/bax0"
    for wrong in ("", "{}", '{"x_response":[]}', '{"x_response":{"a"'):
        with pytest.raises(ValueError, match=r".*"):
            node_of(wrong, "x_response")


def test_keys_are_read_in_the_forms_that_operators_have() -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_private_key("not a key")
    with pytest.raises(ValueError, match=r".+"):
        read_public_key("AAAA")


@given(st.decimals(min_value=0, max_value=10**12, places=2))
def test_fen_and_yuan_are_exact(amount: Decimal) -> None:
    assert yuan(fen(amount)) == amount
    assert amount_of(json.loads(json.dumps(str(amount)))) == amount


@pytest.mark.parametrize("text", ["", "NaN", "-1", "1.001", "1e400", "Infinity", "一"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        amount_of(text)


def test_amounts_with_parts_of_a_fen_are_never_sent() -> None:
    with pytest.raises(ValueError, match="fen"):
        fen(Decimal("1.001"))


def test_times_without_a_zone_are_chinese() -> None:
    assert china_time("2026-11-22 12:00:00") == datetime(2026, 11, 22, 12, tzinfo=SHANGHAI)


@pytest.mark.parametrize("url", ["http://pay.example", "ftp://pay.example", "pay.example", ""])
def test_a_party_is_reached_over_https_only(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Caller(url, 1.0)
