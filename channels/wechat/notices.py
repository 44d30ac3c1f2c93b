"""The way of the outbox by WeChat notices: to whoever has linked WeChat, by template or subscribe message.

content: `notice` (a name of `notices.yaml`), `fields`, and perhaps `page`, a path under HUB_PUBLIC_URL.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from channels import pace, repository
from channels.base import Blocked, Rate
from channels.wechat.client import WechatClient
from channels.wechat.templates import Unfit, notices
from hub import outbox
from hub.accounts import identities
from hub.accounts.models import ChannelIdentity
from hub.kit.db import transaction
from hub.outbox.letters import Letter, Never, Taken
from hub.outbox.models import Failure
from hub.settings import get_settings

CHANNEL = "wechat"
RATE = Rate(50, 1.0)


class WechatNoticeDeliverer:
    """To the WeChat that a person has linked at this moment; `templates` are the ids at WeChat, by our names."""

    takes_key = False
    """WeChat forgets our key after ten minutes"""

    def __init__(self, account: str, client: WechatClient, templates: Mapping[str, str]) -> None:
        self.account, self._client, self._templates = account, client, templates

    async def deliver(self, letter: Letter) -> Taken:
        """Hand a notice to WeChat, unless it has it.

        Raises `NotNow`, `Uncertain`, `Never`, `Blocked`.
        """
        name = str(letter.content["notice"])
        template, notice = self._templates.get(name), notices().get(name)
        if template is None or notice is None:
            raise Never("no_template", Failure.TECHNICAL)
        try:
            fields = notice.filled(letter.content["fields"])
        except (Unfit, LookupError) as error:
            raise Never("field_unfit", Failure.TECHNICAL) from error
        async with transaction() as session:
            identity = await self._linked(session, letter.person_id)
            if sent := await repository.parts_sent(session, letter.id):
                return Taken(sent[0].party_id)
        if identity is None:
            raise Never("not_linked")
        if identity.blocked_at is not None:
            raise Blocked
        await pace.slots((RATE,), outbox.Channel.WECHAT, self.account, identity.address)
        try:
            party_id = await self._client.send_notice(
                notice.kind, identity.address, template, fields, key=letter.key, url=_address(letter)
            )  # fmt: skip
        except Blocked:
            async with transaction() as session:
                await identities.blocked(session, identity.id)
            raise
        async with transaction() as session:
            await repository.part_sent(
                session, letter.id, 0, channel=CHANNEL, account=self.account, party_id=party_id, last=True
            )  # fmt: skip
        return Taken(party_id)

    async def _linked(self, session: AsyncSession, person_id: UUID | None) -> ChannelIdentity | None:
        linked = await identities.of_person(session, person_id) if person_id else []
        return next((one for one in linked if (one.channel, one.account) == (CHANNEL, self.account)), None)

    async def arrived(self, letter: Letter, day: date) -> bool | None:
        """WeChat tells by itself, in an event."""
        return None


def _address(letter: Letter) -> str:
    page, public = str(letter.content.get("page", "")), get_settings().public_url.rstrip("/")
    return public + page if page and public else ""
