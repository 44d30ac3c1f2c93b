"""What the carriers call us with, decoded: what people wrote, and what became of messages of ours.

Sources: Alibaba Cloud SMS, "SmsUp" and "SmsReport"; Tencent Cloud SMS, "SMS Reply" and "SMS Sending Status
Notification". Both carriers call one address each; which of the two it is can be told from the fields.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from channels.base import Malformed
from hub.kit import clock
from hub.outbox.models import Failure

MOST_AT_ONCE = 1000
_MOBILE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody wrote; `key` is the same whenever the carrier tells it again."""

    phone: str
    text: str
    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message: `carrier_id` is the carrier's number for it, `message_id` ours where it tells it."""

    carrier_id: str
    message_id: str
    delivered: bool
    reason: str | None
    failure: Failure


def _moment(text: str) -> datetime:
    """A time as carriers write it, in China.

    Raises `ValueError`.
    """
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.SHANGHAI).astimezone(UTC)


def _a_time(text: str) -> str:
    _moment(text)
    return text


_Phone = Annotated[str, Field(min_length=1, max_length=32)]
_Id = Annotated[str, Field(max_length=100)]
_Time = Annotated[str, AfterValidator(_a_time)]
_CLOSED = ConfigDict(coerce_numbers_to_str=True)


class _AliyunSaid(BaseModel):
    model_config = _CLOSED
    phone: _Phone = Field(alias="phone_number")
    at: _Time = Field(alias="send_time")
    content: str
    sequence_id: _Id


class _AliyunReport(BaseModel):
    model_config = _CLOSED
    success: bool
    code: str = Field("", alias="err_code", max_length=100)
    carrier_id: _Id = Field(alias="biz_id", min_length=1)
    message_id: _Id = Field("", alias="out_id")


class _TencentSaid(BaseModel):
    model_config = _CLOSED
    nation: str = Field("86", alias="nationcode", max_length=8)
    phone: _Phone = Field(alias="mobile")
    text: str
    time: Annotated[int, Field(ge=0, le=4_102_444_800)]


class _TencentReport(BaseModel):
    model_config = _CLOSED
    status: str = Field(alias="report_status", max_length=20)
    code: str = Field("", alias="errmsg", max_length=100)
    carrier_id: _Id = Field(alias="sid", min_length=1)


_Aliyun: TypeAdapter[list[_AliyunSaid | _AliyunReport]] = TypeAdapter(
    Annotated[list[_AliyunSaid | _AliyunReport], Field(max_length=MOST_AT_ONCE)]
)
_Tencent: TypeAdapter[_TencentSaid | list[_TencentReport]] = TypeAdapter(
    _TencentSaid | Annotated[list[_TencentReport], Field(max_length=MOST_AT_ONCE)]
)

_REASONS: Mapping[str, tuple[str, Failure]] = {
    # the phone is off, full or out of reach: later it works
    "MOBILE_NOT_ON_SERVICE": ("phone_off", Failure.TEMPORARY),
    "MOBLLE_TERMINAL_ERROR": ("phone_off", Failure.TEMPORARY),
    "MOBILE_SEND_LIMIT": ("limited", Failure.TEMPORARY),
    "MOBILE_ACCOUNT_ABNORMAL": ("phone_out_of_service", Failure.TEMPORARY),
    "NO_ROUTE": ("network", Failure.TEMPORARY),
    "UNDELIVRD": ("phone_off", Failure.TEMPORARY),
    "UNDELIV": ("phone_off", Failure.TEMPORARY),
    "EXPIRED": ("phone_off", Failure.TEMPORARY),
    # it can never reach this number
    "INVALID_NUMBER": ("no_such_number", Failure.PERMANENT),
    "MOBILE_IN_BLACK": ("unwanted", Failure.PERMANENT),
    "MBBLACK": ("unwanted", Failure.PERMANENT),
    # ours, or the carrier's, to put right
    "CONTENT_KEYWORD": ("content_refused", Failure.TECHNICAL),
    "CONTENT_ERROR": ("content_refused", Failure.TECHNICAL),
    "SIGNATURE_BLACKLIST": ("signature_refused", Failure.TECHNICAL),
    "REJECTD": ("content_refused", Failure.TECHNICAL),
}
"""Codes of networks and carriers, by what they mean to us; any other is a message that did not arrive."""


def decoded(carrier: str, body: bytes) -> tuple[Sequence[Said], Sequence[Report]]:
    """What a call of a carrier says; numbers that are no mobile phones (service numbers) are left out.

    Raises `Malformed`.
    """
    try:
        if carrier == "tencent":
            told = _Tencent.validate_json(body)
            return _tencent(told)
        entries = _Aliyun.validate_json(body)
    except (ValidationError, ValueError, RecursionError) as error:
        raise Malformed from error
    said, reports = [], []
    for one in entries:
        if isinstance(one, _AliyunReport):
            reports.append(_report(one.carrier_id, one.message_id, one.success, one.code))
        elif phone := _phone(one.phone):
            said.append(Said(phone, one.content, _moment(one.at), _key("aliyun", phone, one.sequence_id)))
    return said, reports


def _tencent(told: _TencentSaid | list[_TencentReport]) -> tuple[Sequence[Said], Sequence[Report]]:
    if isinstance(told, list):
        return [], [_report(one.carrier_id, "", one.status == "SUCCESS", one.code) for one in told]
    phone = _phone(told.phone) if told.nation == "86" else None
    if phone is None:
        return [], []
    # this carrier gives no number: one person does not write the same twice in a second
    key = _key("tencent", phone, str(told.time), told.text)
    return [Said(phone, told.text, datetime.fromtimestamp(told.time, UTC), key)], []


def _key(carrier: str, *what: str) -> str:
    """A name for a message in which nobody's number can be read."""
    return f"{carrier}:{hashlib.sha256(chr(10).join(what).encode('utf-8', 'replace')).hexdigest()}"


def _report(carrier_id: str, message_id: str, delivered: bool, code: str) -> Report:
    if delivered:
        return Report(carrier_id, message_id, True, None, Failure.PERMANENT)
    reason, failure = _REASONS.get(code.upper(), ("undelivered", Failure.PERMANENT))
    return Report(carrier_id, message_id, False, reason, failure)


def _phone(text: str) -> str | None:
    found = _MOBILE.fullmatch(text.strip())
    return found[1] if found else None
