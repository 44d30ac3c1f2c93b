"""The rows of the WeChat door: the only place that reads or writes them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from channels.wechat.models import AccessToken, Binding, Carry, SeenCall
from hub.kit import clock


async def token(session: AsyncSession, app_id: str) -> AccessToken | None:
    """The account's access token as it stands."""
    return await session.get(AccessToken, app_id, populate_existing=True)


async def lease(session: AsyncSession, app_id: str, duration: timedelta) -> bool:
    """Whether the caller is the one to fetch the next token."""
    now = clock.now()
    taken = await session.scalar(
        insert(AccessToken)
        .values(app_id=app_id, leased_until=now + duration)
        .on_conflict_do_update(
            index_elements=["app_id"],
            set_={"leased_until": now + duration},
            where=or_(AccessToken.leased_until.is_(None), AccessToken.leased_until <= now),
        )
        .returning(AccessToken.app_id)
    )
    return taken is not None


async def keep_token(session: AsyncSession, app_id: str, value: str, expires_at: datetime) -> None:
    """The next token is there, for everybody."""
    await session.execute(
        update(AccessToken)
        .where(AccessToken.app_id == app_id)
        .values(token=value, expires_at=expires_at, leased_until=None)
    )


async def end_lease(session: AsyncSession, app_id: str) -> None:
    """It could not be fetched: somebody else may try."""
    await session.execute(update(AccessToken).where(AccessToken.app_id == app_id).values(leased_until=None))


async def first_body(session: AsyncSession, signature: str, body: str, *, before: datetime) -> bool:
    """Whether this is the body that came first under the signature; what was seen before the moment is forgotten."""
    key = hashlib.sha256(signature.encode()).hexdigest()
    await session.execute(delete(SeenCall).where(SeenCall.seen_at < before))
    await session.execute(
        insert(SeenCall).values(signature=key, body=body, seen_at=clock.now()).on_conflict_do_nothing()
    )
    return await session.scalar(select(SeenCall.body).where(SeenCall.signature == key)) == body


async def add_carry(session: AsyncSession, code_hash: str, conversation_id: UUID, expires_at: datetime) -> None:
    """A new code for a conversation; its earlier ones, and those whose time is over, no longer work."""
    now = clock.now()
    await session.execute(
        delete(Carry).where(or_(Carry.conversation_id == conversation_id, Carry.expires_at < now - timedelta(hours=1)))
    )
    session.add(Carry(code_hash=code_hash, conversation_id=conversation_id, expires_at=expires_at))


async def scan(session: AsyncSession, code_hash: str, scanned_by: str) -> bool:
    """Somebody scanned a code; whether it is theirs now to decide on."""
    await session.execute(
        update(Carry)
        .where(Carry.scanned_by == scanned_by, Carry.settled_by.is_(None), Carry.code_hash != code_hash)
        .values(scanned_by=None, expires_at=clock.now())
    )
    found = await session.scalar(
        update(Carry)
        .where(
            Carry.code_hash == code_hash, Carry.expires_at > clock.now(), Carry.settled_by.is_(None),
            or_(Carry.scanned_by.is_(None), Carry.scanned_by == scanned_by),
        )
        .values(scanned_by=scanned_by)
        .returning(Carry.code_hash)
    )  # fmt: skip
    return found is not None


async def carry_of(session: AsyncSession, scanned_by: str, settled_by: str) -> Carry | None:
    """What somebody has to decide on, or decided in this very message; locked."""
    return await session.scalar(
        select(Carry)
        .where(
            Carry.scanned_by == scanned_by,
            or_(
                Carry.settled_by == settled_by,
                Carry.settled_by.is_(None) & (Carry.expires_at > clock.now()),
            ),
        )
        .order_by(Carry.settled_by.is_(None))
        .limit(1)
        .with_for_update()
    )


async def begin_binding(session: AsyncSession, state_hash: str, browser_hash: str, expires_at: datetime) -> None:
    """A browser sets out to WeChat; what is over for an hour is forgotten."""
    await session.execute(delete(Binding).where(Binding.expires_at < clock.now() - timedelta(hours=1)))
    session.add(Binding(state_hash=state_hash, browser_hash=browser_hash, expires_at=expires_at))
    await session.flush()


async def return_binding(session: AsyncSession, state_hash: str, browser_hash: str) -> UUID | None:
    """The act whose browser comes back, for the first time and in time; None otherwise."""
    return await session.scalar(
        update(Binding)
        .where(
            Binding.state_hash == state_hash, Binding.browser_hash == browser_hash,
            Binding.expires_at > clock.now(), Binding.returned_at.is_(None),
        )
        .values(returned_at=clock.now())
        .returning(Binding.id)
    )  # fmt: skip


async def returned_before(session: AsyncSession, state_hash: str, browser_hash: str) -> bool:
    """Whether this browser has come back with this very state already."""
    found = await session.scalar(
        select(Binding.id).where(
            Binding.state_hash == state_hash, Binding.browser_hash == browser_hash, Binding.returned_at.is_not(None)
        )
    )
    return found is not None


async def binding_of(session: AsyncSession, browser_hash: str) -> Binding | None:
    """The act that goes on in a browser: the one begun last that has come back and is not over."""
    return await session.scalar(
        select(Binding)
        .where(
            Binding.browser_hash == browser_hash, Binding.returned_at.is_not(None), Binding.expires_at > clock.now()
        )
        .order_by(Binding.begun_at.desc(), Binding.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )  # fmt: skip


async def change_binding(session: AsyncSession, binding_id: UUID, **values: object) -> None:
    """Write down how far an act has come."""
    await session.execute(update(Binding).where(Binding.id == binding_id).values(**values))
