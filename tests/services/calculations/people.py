"""A person who has shown who they are, with a session behind a subject."""

from __future__ import annotations

from uuid import UUID

from hub.accounts import people, sessions
from hub.kit.db import transaction


async def signed_in(subject: str, phone: str, *, proven: bool = True) -> UUID:
    """Begin a session for the owner of a phone; with `proven` their identity counts as shown."""
    async with transaction() as session:
        person = await people.person_by_phone(session, phone)
        await sessions.begin(session, subject, person.id)
        if proven:
            await people.prove(session, subject, "测试甲", f"made-up-{phone}")
        return person.id
