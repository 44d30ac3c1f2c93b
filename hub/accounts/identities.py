"""People as the channels know them: found by keyed hash, heard, linked by themselves, blocked, forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.accounts.models import ChannelIdentity, Strength
from hub.kit import clock
from hub.kit.crypto import keyed_hash
from hub.kit.ids import new_id

_TOLD = 32
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When somebody wrote last who never did."""


def hash_of(channel: str, account: str, sender: str) -> str:
    """What is stored of a channel's name for somebody."""
    return keyed_hash(f"{account}\n{sender}", f"channel {channel}")


async def heard(
    session: AsyncSession, channel: str, account: str, sender: str, *, address: str, in_group: bool = False,
    strength: Strength = Strength.CHAT,
) -> ChannelIdentity:  # fmt: skip
    """Somebody wrote: who they are here, made when new; locked until the transaction ends, and not blocked any more."""
    now = clock.now()
    news = {
        "address": address, "in_group": in_group, "heard_at": now, "pushed": 0, "blocked_at": None,
        "strength": int(strength),
    }  # fmt: skip
    statement = (
        insert(ChannelIdentity)
        .values(
            id=new_id(), channel=channel, account=account, sender_hash=hash_of(channel, account, sender),
            created_at=now, **news,
        )
        .on_conflict_do_update(index_elements=["channel", "account", "sender_hash"], set_=news)
        .returning(ChannelIdentity)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return (await session.scalars(statement)).one()


def strength_of(identity: ChannelIdentity, person_id: UUID | None) -> Strength:
    """How strong the way to a person is: linked to their own phone, a messenger is as good as a page of ours."""
    if identity.in_group:
        return Strength.OPEN
    linked = person_id is not None and identity.person_id == person_id and identity.strength >= Strength.CHAT
    return Strength.OWN if linked else Strength(identity.strength)


def as_address(identity: ChannelIdentity) -> str:
    """Where a message came from that came through a door; nobody's name can be read in it."""
    return f"{identity.channel}:{identity.sender_hash[:_TOLD]}"


async def strength_at(
    session: AsyncSession, conversation_id: UUID | None, address: str, person_id: UUID
) -> Strength:  # fmt: skip
    """How strong the way is by which a person speaks in a talk from this address (`as_address`, or an IP address)."""
    if conversation_id is None:
        return Strength.OWN
    rows = await session.scalars(select(ChannelIdentity).where(ChannelIdentity.conversation_id == conversation_id))
    here = next((identity for identity in rows if as_address(identity) == address), None)
    return strength_of(here, person_id) if here else Strength.OWN


async def known(session: AsyncSession, channel: str, account: str, sender: str) -> ChannelIdentity:
    """Who somebody is here who has not written now, made when new; locked until the transaction ends.

    Showing oneself on a page opens no window for messages, so when they wrote last stays as it is.
    """
    statement = (
        insert(ChannelIdentity)
        .values(
            id=new_id(), channel=channel, account=account, sender_hash=hash_of(channel, account, sender),
            address=sender, heard_at=NEVER, created_at=clock.now(),
        )
        .on_conflict_do_update(
            index_elements=["channel", "account", "sender_hash"], set_={"account": ChannelIdentity.account}
        )
        .returning(ChannelIdentity)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return (await session.scalars(statement)).one()


async def found(session: AsyncSession, channel: str, account: str, sender: str) -> ChannelIdentity | None:
    """Who somebody is here; None when the channel has never met them."""
    return await session.scalar(
        select(ChannelIdentity)
        .where(
            ChannelIdentity.channel == channel, ChannelIdentity.account == account,
            ChannelIdentity.sender_hash == hash_of(channel, account, sender),
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip


async def get(session: AsyncSession, identity_id: UUID) -> ChannelIdentity | None:
    """Somebody as a channel knows them."""
    return await session.get(ChannelIdentity, identity_id, populate_existing=True)


async def gone(session: AsyncSession, channel: str, account: str, sender: str) -> None:
    """They want to hear nothing until they write again."""
    await session.execute(
        update(ChannelIdentity)
        .where(
            ChannelIdentity.channel == channel, ChannelIdentity.account == account,
            ChannelIdentity.sender_hash == hash_of(channel, account, sender),
        )
        .values(blocked_at=clock.now())
    )  # fmt: skip


async def blocked(session: AsyncSession, identity_id: UUID) -> None:
    """The party says that they want to hear nothing."""
    await session.execute(
        update(ChannelIdentity).where(ChannelIdentity.id == identity_id).values(blocked_at=clock.now())
    )


async def pushed(session: AsyncSession, identity_id: UUID) -> None:
    """One more message went to them since they wrote last."""
    await session.execute(
        update(ChannelIdentity)
        .where(ChannelIdentity.id == identity_id)
        .values(pushed=ChannelIdentity.pushed + 1)
    )  # fmt: skip


async def link(session: AsyncSession, identity_id: UUID, person_id: UUID) -> None:
    """They showed who they are and want this channel to know it."""
    await session.execute(
        update(ChannelIdentity)
        .where(ChannelIdentity.id == identity_id)
        .values(person_id=person_id, linked_at=clock.now())
    )


async def unlink(session: AsyncSession, person_id: UUID, identity_id: UUID | None = None) -> int:
    """Take one link of a person back, or all of them; how many there were."""
    statement = update(ChannelIdentity).where(ChannelIdentity.person_id == person_id)
    if identity_id is not None:
        statement = statement.where(ChannelIdentity.id == identity_id)
    ended = await session.scalars(statement.values(person_id=None, linked_at=None).returning(ChannelIdentity.id))
    return len(ended.all())


async def hand_over(session: AsyncSession, of: UUID, to: UUID, conversation_id: UUID | None) -> None:
    """The phone by which links were made changes hands: they end, but for that of the talk in which it came out."""
    await session.execute(
        update(ChannelIdentity)
        .where(
            ChannelIdentity.person_id.in_((of, to)),
            or_(ChannelIdentity.conversation_id.is_(None), ChannelIdentity.conversation_id != conversation_id)
            if conversation_id
            else true(),
        )
        .values(person_id=None, linked_at=None)
    )
    await session.execute(update(ChannelIdentity).where(ChannelIdentity.person_id == of).values(person_id=to))


async def move(session: AsyncSession, identity_id: UUID, conversation_id: UUID | None) -> None:
    """From now on the talk that goes on here is this one."""
    await session.execute(
        update(ChannelIdentity).where(ChannelIdentity.id == identity_id).values(conversation_id=conversation_id)
    )


async def of_person(session: AsyncSession, person_id: UUID) -> list[ChannelIdentity]:
    """The channels that a person linked, heard last first."""
    rows = await session.scalars(
        select(ChannelIdentity)
        .where(ChannelIdentity.person_id == person_id)
        .order_by(ChannelIdentity.heard_at.desc(), ChannelIdentity.id)
    )
    return list(rows)


async def forget_before(session: AsyncSession, moment: datetime) -> None:
    """Forget who has not written since the moment and is not linked to a person."""
    await session.execute(
        delete(ChannelIdentity).where(ChannelIdentity.heard_at < moment, ChannelIdentity.person_id.is_(None))
    )
