"""What people type when they are asked for phone, code, name and number, and what they are told when it is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from hub.kit.masking import mask_phone, mask_resident_id
from hub.skills import question_of
from services.gateways.tax_core.seed import person
from services.identity.schemas import ProveIdentity, SignOut, proof_fields
from services.identity.skills import IDENTITY, ChooseTaxpayer, SignIn
from services.identity.wording import what_was_done

PHONE = "1999999" + "7001"
NUMBER = person("王小明").resident_id
OLD = NUMBER[:6] + NUMBER[8:17]


def read(form: type[BaseModel], name: str, text: object) -> Any:
    """What the form understands."""
    values: dict[str, object] = {"phone": PHONE, "code": "123456"} if form is SignIn else {}
    return getattr(form.model_validate({**values, name: text}), name)


def told(form: type[BaseModel], name: str, text: object) -> str:
    """What the form says to it."""
    with pytest.raises(ValidationError) as refused:
        read(form, name, text)
    return str(refused.value)


@pytest.mark.parametrize(
    "text", [PHONE, "199 9999 7001", "199-9999-7001", "+86" + PHONE, "86 199 9999 7001", "１９９９９９９７００１"]
)
def test_phones(text: str) -> None:
    assert read(SignIn, "phone", text) == PHONE


@pytest.mark.parametrize(
    ("text", "says"),
    [("1999999700", "您输入了10位"), ("0571-88888888", "11位"), ("", "11位"), ("29999997001", "11位"), (5, "文字")],
)
def test_what_is_no_phone(text: object, says: str) -> None:
    assert says in told(SignIn, "phone", text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("012345", "012345"), ("验证码是 012345", "012345"), ("012 345", "012345"), ("０１２３４５", "012345"),
        ("重发", "重发"), ("没收到", "重发"), ("没有收到验证码", "重发"), ("再发一次吧", "重发"), ("收不到", "重发"),
    ],
)  # fmt: skip
def test_codes(text: str, code: str) -> None:
    assert read(SignIn, "code", text) == code


@pytest.mark.parametrize("text", ["12345", "1234567", "好的", "", "123456 或者 654321"])
def test_what_is_no_code(text: str) -> None:
    assert "重发" in told(SignIn, "code", text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王小明", "王小明"), ("我叫王小明", "王小明"), ("姓名：王小明。", "王小明"), ("叫王小明", "王小明"),
        ("Anna O'Neill", "Anna O'Neill"), ("我的名字是王小明", "王小明"), ("买买提·吐尔逊", "买买提·吐尔逊"),
    ],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    assert read(ProveIdentity, "name", text) == name


@pytest.mark.parametrize("text", ["王", "王小明123", "？", "x" * 61, ""])
def test_what_is_no_name(text: str) -> None:
    assert told(ProveIdentity, "name", text)


@pytest.mark.parametrize(
    "text", [NUMBER, NUMBER.lower(), f"身份证：{NUMBER}", f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}"]
)
def test_resident_ids(text: str) -> None:
    assert read(ProveIdentity, "resident_id", text) == NUMBER


def test_old_numbers_are_brought_up_to_date() -> None:
    assert read(ProveIdentity, "resident_id", OLD) == NUMBER


def test_a_wrong_digit_and_a_missing_one_are_told_apart() -> None:
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    assert "校验位不对" in told(ProveIdentity, "resident_id", wrong)
    assert "您输入了17位" in told(ProveIdentity, "resident_id", NUMBER[:-1])


@pytest.mark.parametrize(
    ("text", "tail"),
    [("12341x", "12341X"), ("后六位 123 456", "123456"), (NUMBER, NUMBER[-6:]), ("重新认证", "重新认证"),
     ("这不是我", "重新认证"), ("手机号是新办的", "重新认证")],
)  # fmt: skip
def test_tails(text: str, tail: str) -> None:
    assert read(ProveIdentity, "id_tail", text) == tail


@pytest.mark.parametrize("text", ["12345", "abcdef", "x12345", ""])
def test_what_is_no_tail(text: str) -> None:
    assert "重新认证" in told(ProveIdentity, "id_tail", text)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("退出登录", "sign_out"),
        ("先退出", "sign_out"),
        ("解绑", "unbind"),
        ("解除绑定", "unbind"),
        ("unbind", "unbind"),
    ],
)
def test_scopes(text: str, scope: str) -> None:
    assert read(SignOut, "scope", text) == scope


def test_who_was_here_before_is_asked_for_less() -> None:
    assert proof_fields({}) == ["name", "resident_id"]
    assert proof_fields({"way": "full"}) == ["name", "resident_id"]
    assert proof_fields({"way": "tail"}) == ["way", "id_tail"]
    assert proof_fields({"way": "tail", "id_tail": "12345X"}) == ["way", "id_tail"]
    assert proof_fields({"way": "tail", "id_tail": "重新认证"}) == ["name", "resident_id"]


def test_every_field_has_its_words_and_secrets_are_marked() -> None:
    for skill in IDENTITY:
        for name in skill.form.model_fields:
            question = question_of(skill.form, name)
            assert question.prompt
            assert question.invalid
            assert question.label
    secret = {name for skill in IDENTITY for name in skill.form.model_fields if question_of(skill.form, name).secret}
    assert secret == {"code", "resident_id", "id_tail"}
    assert question_of(SignIn, "code").before is not None
    assert question_of(ChooseTaxpayer, "taxpayer_id").options is not None


def test_masks() -> None:
    assert mask_phone(PHONE) == "199****7001"
    assert mask_resident_id(NUMBER) == NUMBER[0] + "*" * 16 + NUMBER[-1]


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("identity.proven", "实名认证"),
        ("filing.confirm", "提交申报"),
        ("filing.x", "查看申报信息"),
        ("x", "查看或办理业务"),
    ],
)
def test_what_was_done_is_said_in_words(action: str, says: str) -> None:
    assert what_was_done(action) == says
