"""Somebody in a chat: uses skills as the chat's engine does, reads the phone, and has outside systems misbehave."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hub.accounts.people import principal_of
from hub.kit import clock
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.skills import Access, Principal, Skill, SkillContext, SkillResult
from services.gateways.behaviour import Mode, tell
from services.gateways.real_name.models import SandboxRealNameControl
from services.gateways.sms.models import SandboxSmsControl
from services.gateways.sms.sandbox import inbox
from services.gateways.tax_core import sandbox as core
from services.gateways.tax_core.seed import SeededPerson, person
from services.identity.schemas import TAIL
from services.identity.skills import CHOOSE_TAXPAYER, PROVE_IDENTITY, SIGN_IN, send_code


@dataclass
class Chat:
    """One conversation, with the person of the demonstration who has it."""

    who: SeededPerson
    id: str = field(default_factory=lambda: str(new_id()))
    address: str = "10.0.0.1"

    @property
    def subject(self) -> str:
        """The name of its session."""
        return f"conversation:{self.id}"

    async def principal(self) -> Principal | None:
        """Who is signed in."""
        async with transaction() as session:
            return await principal_of(session, self.subject)

    async def level(self) -> Access | None:
        """At which level."""
        principal = await self.principal()
        return principal.level if principal else None

    async def context(self, key: str = "") -> SkillContext:
        """The context of a message."""
        return SkillContext(
            today=clock.today(), key=f"{self.id}:{key or new_id()}", caller=self.subject, channel="web",
            conversation_id=self.id, principal=await self.principal(), address=self.address,
        )  # fmt: skip

    async def submit(self, skill: Skill, key: str = "", **values: str) -> SkillResult:
        """Fill a form in and send it off."""
        return await skill.submit(await self.context(key), skill.form.model_validate(values))

    async def code(self, phone: str = "") -> str:
        """Have a code sent, and read it off the phone."""
        phone = phone or self.who.phone
        await send_code(await self.context(), {"phone": phone})
        return await newest_code(phone)

    async def sign_in(self) -> None:
        """Get to the level "verified"."""
        done = await self.submit(SIGN_IN, phone=self.who.phone, code=await self.code())
        assert done.status == "signed_in", done.text

    async def prove(self, key: str = "", **values: str) -> SkillResult:
        """Prove the whole identity, by default the true one."""
        true = {"name": self.who.name, "resident_id": self.who.resident_id}
        return await self.submit(PROVE_IDENTITY, key, **(true | values))

    async def prove_by_tail(self, tail: str) -> SkillResult:
        """Show the last six characters only."""
        return await self.submit(PROVE_IDENTITY, way=TAIL, id_tail=tail)

    async def choose(self, taxpayer_id: str) -> SkillResult:
        """Act for this one."""
        return await self.submit(CHOOSE_TAXPAYER, taxpayer_id=taxpayer_id)

    async def lift(self, taxpayer_id: str = "") -> Chat:
        """Sign in, prove, and choose if something is to be chosen."""
        await self.sign_in()
        assert (await self.prove()).status == "proven"
        if taxpayer_id:
            assert (await self.choose(taxpayer_id)).status == "chosen"
        return self


def chat(name: str = "王小明") -> Chat:
    """A fresh conversation of somebody."""
    return Chat(person(name))


async def texts(phone: str) -> list[str]:
    """What came to a phone, the newest first."""
    async with transaction() as session:
        return [one.text for one in await inbox(session, phone)]


async def newest_code(phone: str) -> str:
    """The code in the newest message."""
    found = re.search(r"验证码(\d{6})", (await texts(phone))[0])
    assert found
    return found[1]


def other_than(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def tell_sms(mode: Mode = Mode.NORMAL) -> None:
    """Have the carrier behave so from now on."""
    async with transaction() as session:
        await tell(session, SandboxSmsControl, mode=mode, delay_ms=0)


async def tell_real_name(mode: Mode = Mode.NORMAL) -> None:
    """Have the real-name service behave so from now on."""
    async with transaction() as session:
        await tell(session, SandboxRealNameControl, mode=mode, delay_ms=0)


async def tell_core(mode: Mode = Mode.NORMAL) -> None:
    """Have the core system behave so from now on."""
    async with transaction() as session:
        await core.control(session, None, mode=mode)
