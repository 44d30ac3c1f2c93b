"""What the WeChat door serves beside its callback: the code by which a chat of the web goes on in WeChat."""

from __future__ import annotations

from datetime import datetime

import segno
from fastapi import APIRouter, Depends
from pydantic import BaseModel

from bot.conversation.router import OwnConversation
from channels.wechat import carry
from channels.wechat.client import WechatClient
from hub.kit.errors import Unavailable
from hub.kit.logging import get_logger
from hub.kit.rates import rate_limit
from hub.outbox.letters import DeliveryTrouble

log = get_logger(__name__)


class CarryCode(BaseModel):
    """A code to scan with WeChat; `image` is an SVG as a data address, `url` what it says.

    `expires_in`: seconds, because the clock of a phone may be wrong.
    """

    image: str
    url: str
    expires_at: datetime
    expires_in: int


def router_of(client: WechatClient) -> APIRouter:
    """The routes, under `/channels/wechat`."""
    router = APIRouter()

    @router.post(
        "/carry/{conversation_id}", dependencies=[Depends(rate_limit("conversation", lambda s: s.rate_conversation))]
    )
    async def carry_over(conversation_id: OwnConversation) -> CarryCode:
        """A code by which the holder of a conversation goes on with it in WeChat; each new one ends the one before."""
        made = await carry.make(conversation_id)
        try:
            code = await client.make_code(made.scene, carry.VALID)
        except DeliveryTrouble as error:
            log.warning("carry_code_not_made", reason=error.reason)
            raise Unavailable("微信暂时不可用，请稍后再试。") from error
        return CarryCode(
            image=segno.make(code.url, error="m").svg_data_uri(scale=6),
            url=code.url,
            expires_at=made.expires_at,
            expires_in=int(carry.VALID.total_seconds()),
        )

    return router
