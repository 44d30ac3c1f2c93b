"""What people fill in to sign in, to prove who they are, to choose for whom they act, and to leave."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

from hub.kit import clock
from hub.kit.taxtext import normalise, resident_id_ok, upgrade_resident_id
from hub.skills import Before, Choice, Options, Values, ask
from services.identity import wording

AGAIN = "重发"
ANEW = "重新认证"
TAIL, FULL = "tail", "full"
WAYS = {TAIL: ("核对后六位", "后六位"), FULL: ("重新认证", "重新实名")}
LONGEST_INPUT = 60
_AGAIN = re.compile(r"重发|重新发|再发|没有?收到|收不到|没发|再来一[条次]|重新获取")
_ANEW = re.compile(r"重新|不是我|不是本人|新号|新办|换了")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})", re.ASCII)
_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f·]{2,25}|[A-Za-z][A-Za-z .·'-]{1,59}")
_LEAD = re.compile(r"^(?:(?:我的(?:姓名|名字)|我|本人|姓名|名字)\s*(?:是|叫|为|[::])?|叫)\s*")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_INPUT:
        raise ValueError(wording.NOT_TEXT)
    return normalise(value)


def _read_phone(value: object) -> str:
    compact = re.sub(r"[\s-]", "", _text(value))
    found = _MOBILE.fullmatch(compact)
    if found is None:
        digits = len(re.findall(r"\d", compact))
        counted = f"，您输入了{digits}位" if digits and digits != 11 else ""
        raise ValueError(f"手机号码应为11位数字{counted}，请再输入一次。")
    return found[1]


def _read_code(value: object) -> str:
    text = _text(value)
    runs = re.findall(r"(?<!\d)\d{6}(?!\d)", re.sub(r"(?<=\d)[\s-](?=\d)", "", text))
    if len(runs) == 1:
        return str(runs[0])
    if _AGAIN.search(text):
        return AGAIN
    raise ValueError("验证码是短信里的6位数字。没有收到的，请回复“重发”。")


def _read_name(value: object) -> str:
    text = _LEAD.sub("", _text(value), count=1).strip(" ,。;")
    if not _NAME.fullmatch(text):
        raise ValueError("请填写证件上的姓名，例如“张三”。")
    return text


def _read_resident_id(value: object) -> str:
    number = re.sub(r"[\s-]", "", _text(value)).upper()
    found = re.search(r"(?<![0-9A-Z])(\d{17}[0-9X]|\d{15})(?![0-9A-Z])", number)
    if found is None:
        digits = len(re.findall(r"[0-9X]", number))
        raise ValueError(f"身份证号码应为18位，您输入了{digits}位，请再输入一次。")
    full = found[1] if len(found[1]) == 18 else upgrade_resident_id(found[1])
    if full is None or not resident_id_ok(full, clock.today()):
        raise ValueError("身份证号码的校验位不对，可能有一位输错了，请对照证件再输入一次。")
    return full


def _read_tail(value: object) -> str:
    text = _text(value)
    found = re.search(r"(?<![0-9A-Z])(\d{5}[0-9X])(?![0-9A-Z])", re.sub(r"(?<=\d)\s(?=[\dXx])", "", text).upper())
    if found:
        return found[1]
    whole = re.search(r"\d{12}(\d{5}[0-9X])(?![0-9A-Z])", text.upper())
    if whole:
        return whole[1]
    if _ANEW.search(text):
        return ANEW
    raise ValueError("请输入身份证号码的最后6位（末位可能是字母X）。手机号是新办的，请回复“重新认证”。")


Phone = Annotated[str, BeforeValidator(_read_phone)]
Code = Annotated[str, BeforeValidator(_read_code)]
Name = Annotated[str, BeforeValidator(_read_name)]
ResidentId = Annotated[str, BeforeValidator(_read_resident_id)]


def _read_way(value: object) -> str:
    text = _text(value)
    for way, names in WAYS.items():
        if text == way or text in names:
            return way
    raise ValueError("请在“核对后六位”和“重新认证”里选一种。")


Way = Annotated[str, BeforeValidator(_read_way)]


def sign_in_form(send_code: Before) -> type[BaseModel]:
    """The form of signing in; `send_code` runs before the code is asked for."""

    class SignIn(BaseModel):
        """A phone and the code that came to it."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        phone: Phone = ask(
            prompt="请输入您的手机号码，我会发送一条短信验证码。",
            invalid="手机号码应为11位数字，请再输入一次。",
            label="手机号码",
            hint="11位手机号码",
            entity="phone",
            synonyms=("手机", "手机号", "电话"),
        )
        code: Code = ask(
            prompt="请在这里输入短信中的6位验证码，不要告诉其他人。没有收到可以回复“重发”。",
            invalid="验证码是短信里的6位数字。没有收到的，请回复“重发”。",
            label="验证码",
            hint="短信中的6位数字",
            synonyms=("短信验证码", "校验码"),
            secret=True,
            before=send_code,
        )

    return SignIn


class ProveIdentity(BaseModel):
    """Name and resident ID; of somebody who was here before the last six characters are enough."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Way | None = ask(
        None,
        prompt="请选择认证方式。",
        invalid="请在“核对后六位”和“重新认证”里选一种。",
        label="认证方式",
        hint="曾经认证过的可以只核对后六位",
        choices=(Choice("核对后六位", TAIL), Choice("重新认证", FULL)),
    )
    name: Name | None = ask(
        None,
        prompt="请输入您的姓名，与身份证件一致。",
        invalid="请填写证件上的姓名，例如“张三”。",
        label="姓名",
        hint="与身份证件一致",
        synonyms=("名字", "我叫"),
    )
    resident_id: ResidentId | None = ask(
        None,
        prompt="请输入您的身份证号码。",
        invalid="身份证号码应为18位，请对照证件再输入一次。",
        label="身份证号码",
        hint="18位，末位可能是X",
        entity="resident_id",
        synonyms=("身份证", "证件号码", "证件号", "身份证号"),
        secret=True,
    )
    id_tail: Annotated[str, BeforeValidator(_read_tail)] | None = ask(
        None,
        prompt="您之前认证过，请输入身份证号码的最后6位核对身份。",
        invalid="请输入身份证号码的最后6位（末位可能是字母X）。",
        label="身份证后六位",
        hint="曾经认证过的只需要这一项",
        synonyms=("后六位", "后6位", "尾号"),
        secret=True,
    )


def by_tail(way: object, id_tail: object) -> bool:
    """Whether the last six characters are to be compared; not where the number has a new owner who says so."""
    return way == TAIL and id_tail != ANEW


def proof_fields(values: Values) -> list[str]:
    """Which fields the proof needs: the tail where it is enough, otherwise name and number."""
    return ["way", "id_tail"] if by_tail(values.get("way"), values.get("id_tail")) else ["name", "resident_id"]


def choose_form(options: Options) -> type[BaseModel]:
    """The form of choosing a taxpayer; `options` are those for whom the person may act."""

    class ChooseTaxpayer(BaseModel):
        """For whom to act."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        taxpayer_id: str = ask(
            prompt="请问这次为谁办理？",
            invalid=wording.NO_MANDATE,
            label="办税身份",
            hint="登记序号，见 GET /api/v1/auth/mandates",
            synonyms=("公司", "企业", "纳税人", "身份"),
            options=options,
            max_length=64,
        )

    return ChooseTaxpayer


def _read_scope(value: object) -> str:
    text = _text(value)
    for scope, title in wording.SCOPES.items():
        if text in (scope, title):
            return scope
    if re.search(r"解绑|解除|注销|删除", text):
        return wording.UNBIND
    if re.search(r"退出|登出|下线|离开", text):
        return wording.LEAVE
    raise ValueError("请选择“退出登录”或“解除绑定”。")


class SignOut(BaseModel):
    """Leaving for now, or for good."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scope: Annotated[str, BeforeValidator(_read_scope)] = ask(
        prompt="您要退出登录，还是解除绑定（同时删除手机号和实名信息）？",
        invalid="请选择“退出登录”或“解除绑定”。",
        label="操作",
        hint="sign_out 退出登录，unbind 解除绑定",
        choices=tuple(Choice(title, scope) for scope, title in wording.SCOPES.items()),
    )
