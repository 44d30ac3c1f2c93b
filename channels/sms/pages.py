"""What the door of text messages serves beside its callback: letting a chat of the web go on by text message."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from bot.conversation.router import OwnConversation
from channels.sms import carry
from hub.kit.rates import rate_limit

router = APIRouter()


class CarryConsent(BaseModel):
    """The holder read what happens with the number (`wording.CONSENT`) and agreed."""

    model_config = ConfigDict(extra="forbid")
    consent: Literal[True]


class Carried(BaseModel):
    """The talk goes on with the phone that ends with these digits."""

    tail: str


@router.post(
    "/carry/{conversation_id}", dependencies=[Depends(rate_limit("conversation", lambda s: s.rate_conversation))]
)
async def carry_over(conversation_id: OwnConversation, body: CarryConsent) -> Carried:
    """Go on by text message with the phone that was proved in the conversation; a repeat changes nothing."""
    return Carried(tail=await carry.to_phone(conversation_id))
