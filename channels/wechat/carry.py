"""Carrying a chat of the web over to WeChat: a code made for one conversation, scanned once, agreed to in words."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bot.conversation import handoff
from bot.conversation import repository as conversations
from channels.wechat import repository, wording
from hub.accounts import identities
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.db import transaction

PREFIX = "carry_"
VALID = timedelta(minutes=10)
DECISIONS = frozenset({wording.AGREE, wording.DISAGREE})


@dataclass(frozen=True, slots=True)
class Made:
    """A new code, as the scene that WeChat tells when it is scanned."""

    scene: str
    expires_at: datetime


async def make(conversation_id: UUID) -> Made:
    """A new code for a conversation; its earlier ones no longer work."""
    code, expires_at = secrets.token_urlsafe(16), clock.now() + VALID
    async with transaction() as session:
        await repository.add_carry(session, _hash(code), conversation_id, expires_at)
    return Made(PREFIX + code, expires_at)


async def scanned(account: str, sender: str, scene: str) -> str:
    """What somebody is told who scanned a code."""
    async with transaction() as session:
        theirs = await repository.scan(
            session, _hash(scene.removeprefix(PREFIX)), identities.hash_of("wechat", account, sender)
        )
    return wording.ASK_CONSENT.format(minutes=int(VALID.total_seconds() // 60)) if theirs else wording.CODE_OVER


async def decided(account: str, sender: str, words: str, message: str) -> str | None:
    """What somebody is told who decided; None when there was nothing to decide.

    The same `message` again, which WeChat may send, is told the same and changes nothing.
    """
    sender_hash, settled_by = identities.hash_of("wechat", account, sender), keyed_hash(message, "wechat message")
    async with transaction() as session:
        carry = await repository.carry_of(session, sender_hash, settled_by)
        if carry is None:
            return None
        if carry.settled_by is None:
            carry.settled_by, carry.agreed = settled_by, words == wording.AGREE
            if carry.agreed:
                # the identity before the conversation, as for whoever writes: nobody waits in a circle
                identity = await identities.heard(session, "wechat", account, sender, address=sender)
                conversation = await conversations.get(session, carry.conversation_id, lock=True)
                if conversation is None:
                    return wording.CODE_OVER
                # said where the talk was until now, so that its owner sees that it went on elsewhere
                await handoff.announce(session, conversation.id, wording.CARRIED_SHOWN, carried="wechat")
                await identities.move(session, identity.id, conversation.id)
                conversation.door_id = identity.id
        return wording.CARRIED if carry.agreed else wording.NOT_CARRIED


def _hash(code: str) -> str:
    return keyed_hash(code, "wechat carry")
