"""What a script finds when it begins: sandboxes that work, a person who is known so far and no further, for whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import NullPool, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from bot.conversation.models import Author, Message
from hub.accounts import consents, lockouts, people, sessions
from hub.accounts.models import OneTimeCode, Person
from hub.accounts.people import Held
from hub.kit import clock, crypto
from hub.kit.crypto import keyed_hash
from hub.settings import get_settings
from hub.skills import Access
from services.filing.models import FilingBatch, FilingBatchRow, FilingSheet, TaxReturn
from services.gateways.behaviour import Mode
from services.gateways.inspection.models import SandboxControl, SandboxInspection
from services.gateways.real_name.models import SandboxRealNameCheck
from services.gateways.sms.models import SandboxSms
from services.gateways.sms.sandbox import inbox
from services.gateways.tax_core import sandbox, seeding
from services.gateways.tax_core.seed import SeededPerson, SeededTaxpayer, person, read_seed
from services.identity import wording
from services.identity.service import REAL_NAME, SIGN_IN
from services.payment.models import PaymentOrder, PaymentOrderCharge
from tests.conversations.script import Script
from tests.product import Product, Talk

T = TypeVar("T")

_OURS = (PaymentOrderCharge, PaymentOrder, FilingBatchRow, FilingBatch, TaxReturn, FilingSheet)
"""Our own records of what was filed and paid, in the order in which they may go."""
AMOUNT = re.compile(r"\d\.\d{2}元")
REPEATS = re.compile(r"查验结果|当地税额标准应在|已把|已填写|税务机关已有数据的|上次申报的|.*的申报记录：")
"""How messages begin that work nothing out: they say once more what the person, a platform or the core system said."""


class Stage:
    """The running product, entered through its database with its own secrets."""

    def __init__(self, product: Product) -> None:
        self.product = product
        # the browser tests of the same process keep a loop running in the main thread
        self._thread = ThreadPoolExecutor(1)

    def close(self) -> None:
        """Leave; nothing is set back."""
        self._thread.shutdown()

    def set(self, script: Script) -> Talk:
        """Bring everything about as the script says; the conversation that it begins."""
        talk = self.product.talk()
        self.in_transaction(lambda session: _set(session, script, f"conversation:{talk.conversation_id}"))
        return talk

    def core(self, mode: str) -> None:
        """Have the core system behave so from now on."""

        async def tell(session: AsyncSession) -> None:
            await sandbox.control(session, mode=Mode(mode))

        self.in_transaction(tell)

    def spoken(self, script: Script, text: str | None) -> str | None:
        """The text with what begins with @ filled in for the person of the script."""
        if text is None or script.person is None or "@" not in text:
            return text
        who = person(script.person)
        values = {"@phone": who.phone, "@name": who.name, "@id": who.resident_id, "@tail": who.resident_id[-6:]}
        if "@code" in text:
            values["@code"] = self.in_transaction(lambda session: _latest_code(session, who))
        for word, value in values.items():
            text = text.replace(word, value)
        return text

    def untraced(self, talk: Talk) -> list[str]:
        """What we said in a conversation with an amount worked out, but without the steps that explain it."""
        return self.in_transaction(lambda session: _untraced(session, UUID(talk.conversation_id)))

    def with_secrets(self, work: Callable[[], T]) -> T:
        """Something that the secrets of the product are needed for."""
        with self._secrets():
            return work()

    def in_transaction(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Something done in the product's database."""

        async def run() -> T:
            engine = create_async_engine(self.product.dsn.replace("://", "+psycopg://", 1), poolclass=NullPool)
            async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
                return await work(session)

        with self._secrets():
            return self._thread.submit(asyncio.run, run()).result()

    @contextmanager
    def _secrets(self) -> Iterator[None]:
        """The secrets of the product for a moment; the other tests of this process have their own."""
        with pytest.MonkeyPatch.context() as patched:
            for name, value in self.product.secrets.items():
                patched.setenv(name, value)
            _forget_secrets()
            yield
        _forget_secrets()


def _forget_secrets() -> None:
    get_settings.cache_clear()
    crypto.vault.cache_clear()


async def _set(session: AsyncSession, script: Script, subject: str) -> None:
    await session.execute(delete(SandboxInspection))
    await session.execute(update(SandboxControl).values(mode="normal", delay_ms=0))
    await sandbox.control(session, mode=Mode.NORMAL, delay_ms=0)
    if script.core == "fresh":
        for table in _OURS:
            await session.execute(delete(table))
        await seeding.start_over(session)
    if script.person is not None:
        who = person(script.person)
        await _forget(session, who)
        level = Access.AUTHORISED if script.acting_for else script.level
        if script.before:
            await _begin(session, who, f"{subject}/before", Access.REAL_NAME)
        if level is not Access.ANONYMOUS:
            await _begin(session, who, subject, level)
        if script.acting_for:
            await _act_for(session, who, script.acting_for, subject)


async def _forget(session: AsyncSession, who: SeededPerson) -> None:
    """Nobody knows the person: not we, not those who count codes and checks."""
    phone, resident = keyed_hash(who.phone, people.PHONE), keyed_hash(who.resident_id, people.RESIDENT_ID)
    await session.execute(delete(Person).where(or_(Person.phone_hash == phone, Person.resident_id_hash == resident)))
    await session.execute(delete(OneTimeCode))
    await session.execute(delete(SandboxSms))
    checked = keyed_hash(who.resident_id, "sandbox real name")
    await session.execute(delete(SandboxRealNameCheck).where(SandboxRealNameCheck.resident_hash == checked))
    await lockouts.succeeded(session, lockouts.CODE_DOOR, who.phone)


async def _begin(session: AsyncSession, who: SeededPerson, subject: str, level: Access) -> None:
    """Signed in, and real-named where the level says so, with the consents that go with it."""
    known = await people.person_by_phone(session, who.phone)
    await sessions.begin(session, subject, known.id)
    await consents.give(session, known.id, SIGN_IN, wording.CONSENT_VERSION, wording.SIGN_IN_CONSENT, "web")
    if level.covers(Access.REAL_NAME):
        await people.prove(session, subject, who.name, who.resident_id)
        await consents.give(session, known.id, REAL_NAME, wording.CONSENT_VERSION, wording.REAL_NAME_CONSENT, "web")


async def _act_for(session: AsyncSession, who: SeededPerson, part: str, subject: str) -> None:
    """The mandates as the core system has them, and one of them chosen."""
    held = [(one, mandate.role) for one in _registered() for mandate in one.mandates if mandate.person == who.name]
    known = await people.person_by_phone(session, who.phone)
    kept = [Held(one.taxpayer_id, one.name, one.kind, role) for one, role in held]
    await people.keep_mandates(session, known.id, kept)
    (chosen,) = [one for one, _ in held if part in one.name]
    await sessions.choose(session, subject, chosen.taxpayer_id)


def _registered() -> list[SeededTaxpayer]:
    today = clock.today()
    return [one for one in read_seed().taxpayers if one.deregistered_on is None or one.deregistered_on > today]


async def _untraced(session: AsyncSession, conversation_id: UUID) -> list[str]:
    said = await session.scalars(
        select(Message).where(Message.conversation_id == conversation_id, Message.author == Author.BOT)
    )
    # knowledge answers carry the citation of the article that the amount stands in
    return [
        one.text
        for one in said
        if AMOUNT.search(one.text) and not {"trace", "entry_id"} & one.payload.keys() and not REPEATS.match(one.text)
    ]


async def _latest_code(session: AsyncSession, who: SeededPerson) -> str:
    codes = [re.search(r"\d{6}", message.text) for message in await inbox(session, who.phone)]
    found = next((code for code in codes if code), None)
    assert found, f"no code came to the phone of {who.name}"
    return found[0]
