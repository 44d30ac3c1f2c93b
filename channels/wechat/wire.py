"""What WeChat says to a callback (普通消息、事件推送), and the reply in the response (被动回复).

Source: developers.weixin.qq.com/doc/offiaccount/Message_Management.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from channels.wechat import xml

OpenId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_@-]{1,64}$")]
LATEST = 4_102_444_800
SCENE_BEFORE_SUBSCRIBING = "qrscene_"
EVENT = "event"


class Incoming(BaseModel):
    """A message or an event; which fields are filled depends on `kind`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    to: OpenId = Field(alias="ToUserName")
    sender: OpenId = Field(alias="FromUserName")
    at: int = Field(alias="CreateTime", ge=0, le=LATEST)
    kind: str = Field(alias="MsgType", min_length=1, max_length=32)
    message_id: str = Field("", alias="MsgId", max_length=64)
    content: str = Field("", alias="Content")
    recognition: str = Field("", alias="Recognition")
    media_id: str = Field("", alias="MediaId", max_length=512)
    format: str = Field("", alias="Format", max_length=32)
    event: str = Field("", alias="Event", max_length=64)
    event_key: str = Field("", alias="EventKey", max_length=512)
    job: str = Field("", alias="MsgID", max_length=64)
    status: str = Field("", alias="Status", max_length=200)

    @property
    def sent_at(self) -> datetime:
        """When the person sent it."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def known_as(self) -> str:
        """What stays the same when WeChat sends it again: MsgId, or who and when for events, which have none."""
        if self.kind == EVENT:
            return f"{self.sender}-{self.at}-{self.event.lower()}-{self.event_key}"
        return f"m{self.message_id}" if self.message_id else f"{self.sender}-{self.at}"

    @property
    def scene(self) -> str:
        """The scene of the code that was scanned."""
        return self.event_key.removeprefix(SCENE_BEFORE_SUBSCRIBING)


def read(document: str) -> Incoming:
    """What a document says.

    Raises `ValueError` when it is none of WeChat's.
    """
    try:
        return Incoming.model_validate(xml.read(document))
    except ValidationError as error:
        raise ValueError("not a message") from error


class Sent(BaseModel):
    """What became of a subscribe message."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    template: str = Field("", alias="TemplateId", max_length=128)
    job: str = Field("", alias="MsgID", max_length=64)
    code: str = Field("", alias="ErrorCode", max_length=16)


def sent(document: str) -> list[Sent]:
    """The subscribe messages of which an event tells.

    Raises `ValueError` when it is none of WeChat's.
    """
    try:
        return [Sent.model_validate(row) for row in xml.rows(document)]
    except ValidationError as error:
        raise ValueError("not an event") from error


def text_reply(said: Incoming, text: str, at: datetime) -> str:
    """The document that answers somebody in the response."""
    return xml.written(
        {
            "ToUserName": said.sender, "FromUserName": said.to, "CreateTime": int(at.timestamp()), "MsgType": "text",
            "Content": text,
        }
    )  # fmt: skip
