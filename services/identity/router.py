"""`/api/v1/auth`: codes, tokens, identity, mandates, consents and the looks at one's own files."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Security
from pydantic import BaseModel, ConfigDict, Field

from hub.accounts.access import Public, bearer, person, token_subject
from hub.accounts.codes import API, CodeOutcome, door_shut
from hub.accounts.looks import Look, person_subject
from hub.accounts.people import Held
from hub.kit.errors import Invalid
from hub.kit.ids import new_id
from hub.kit.rates import client_address, rate_limit
from hub.settings import get_settings
from hub.skills import Access, Principal
from services.identity import mandates, proving, service, wording
from services.identity.proving import Proof
from services.identity.schemas import AGAIN, Code, Name, Phone, ResidentId

router = APIRouter(
    prefix="/api/v1/auth", tags=["auth"], dependencies=[Depends(rate_limit("auth", lambda s: s.rate_auth))]
)  # fmt: skip
Verified = Annotated[Principal, Depends(person(Access.VERIFIED))]
RealNamed = Annotated[Principal, Depends(person(Access.REAL_NAME))]


class CodeWrong(Invalid):
    """The code is wrong, used or out of date; `attempts_left` says how often this one may still be tried."""

    code = "code_wrong"
    message = "验证码不对或已失效，请核对最近收到的一条，或重新获取。"


class IdentityNotProven(Invalid):
    """Name, resident ID and phone do not belong together; `outcome` says what the service found."""

    code = "identity_not_proven"
    message = wording.MISMATCH


async def subject(credentials: Annotated[Any, Security(bearer)]) -> str:
    """The session that the request's token stands for."""
    return token_subject(credentials.credentials) if credentials else ""


Subject = Annotated[str, Depends(subject)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CodeRequest(_Body):
    """Where the code goes."""

    phone: Phone


class CodeSent(BaseModel):
    """How long the code is valid, and after how long another one may be asked for."""

    expires_in: int
    resend_after: int
    certain: bool
    """False when the carrier did not say in time whether it has the message."""


class TokenRequest(_Body):
    """The phone and the code that came to it."""

    phone: Phone
    code: Code


class Token(BaseModel):
    """A bearer token; it cannot be read again."""

    token: str
    idle_seconds: int
    absolute_seconds: int


class IdentityRequest(_Body):
    """Name and resident ID as on the document; `consent` agrees to the text of `GET /consent-texts`."""

    name: Name
    resident_id: ResidentId
    consent: bool = Field(description=wording.REAL_NAME_CONSENT)


class TaxpayerRequest(_Body):
    """For whom to act."""

    taxpayer_id: str = Field(min_length=1, max_length=64)


class MandateRead(BaseModel):
    """One taxpayer for whom the person may act."""

    taxpayer_id: str
    name: str
    kind: str
    role: str
    role_title: str


class MandateList(BaseModel):
    """For whom the person may act."""

    mandates: list[MandateRead]


class Me(BaseModel):
    """Who is signed in, and for whom they act."""

    level: Access
    name: str
    phone: str
    taxpayer_id: str | None
    taxpayer_name: str | None
    role: str | None


class LookRead(BaseModel):
    """One entry: when, who, what."""

    at: datetime
    who: str
    action: str
    what: str


class LookList(BaseModel):
    """Who looked at the person's own files, the newest first."""

    looks: list[LookRead]


class ConsentRead(BaseModel):
    """What was agreed to, in which version, when, and when it was taken back."""

    id: UUID
    kind: str
    title: str
    version: str
    text: str
    channel: str
    given_at: datetime
    withdrawn_at: datetime | None


class ConsentList(BaseModel):
    """Everything that the person agreed to."""

    consents: list[ConsentRead]


class ConsentText(BaseModel):
    """What is asked to be agreed to, as it stands now."""

    kind: str
    title: str
    version: str
    text: str


class ConsentTexts(BaseModel):
    """Every text that somebody may be asked to agree to."""

    texts: list[ConsentText]


class ConsentMissing(Invalid):
    """A resident ID is sensitive: it is not checked without consent."""

    code = "consent_missing"
    message = "实名认证需要您同意处理姓名和身份证件号码，请阅读说明并同意后再提交。"


@router.post("/codes", dependencies=[Public])
async def send_code(body: CodeRequest, request: Request) -> CodeSent:
    """Send a one-time code to a phone; 429 with `Retry-After` when that is too often."""
    certain = await service.send_code(body.phone, subject=API, address=client_address(request))
    return CodeSent(expires_in=service.MINUTES * 60, resend_after=60, certain=certain)


@router.post("/tokens", dependencies=[Public])
async def sign_in(body: TokenRequest) -> Token:
    """Sign in by the code; the token opens a session of the level "verified"."""
    if body.code == AGAIN:
        raise CodeWrong
    token = secrets.token_urlsafe(32)
    done = await service.sign_in(
        body.phone, body.code, asked_by=API, subject=token_subject(token), act=str(new_id()), channel="api"
    )  # fmt: skip
    if done.check.outcome is CodeOutcome.SHUT and done.check.shut_until is not None:
        raise door_shut(done.check.shut_until)
    if done.person_id is None:
        raise CodeWrong(attempts_left=done.check.attempts_left)
    settings = get_settings()
    return Token(
        token=token, idle_seconds=settings.session_idle_minutes * 60, absolute_seconds=settings.session_hours * 3600
    )  # fmt: skip


@router.delete("/tokens/current", status_code=204)
async def sign_out(principal: Verified, subject: Subject) -> None:
    """End this session; the token is worth nothing after it."""
    await service.sign_out(principal, subject)


@router.delete("/me", status_code=204)
async def unbind(principal: Verified) -> None:
    """Take leave: phone, name and resident ID are erased, every session of the person ends."""
    await service.unbind(principal.person_id)


@router.get("/me")
async def me(principal: Verified) -> Me:
    """Who is signed in."""
    return await _me(principal)


@router.post("/identity")
async def prove_identity(
    body: IdentityRequest,
    principal: Verified,
    subject: Subject,
    idempotency_key: Annotated[str | None, Header(min_length=8, max_length=128)] = None,
) -> Me:
    """Prove who one is; with an `Idempotency-Key` the same request again is not checked twice."""
    if not body.consent:
        raise ConsentMissing
    done = await proving.in_full(
        principal, subject, body.name, body.resident_id, act=f"api:{idempotency_key or new_id()}", channel="api"
    )  # fmt: skip
    if done.shut_until is not None:
        raise door_shut(done.shut_until)
    if done.proof is not Proof.PROVEN:
        message = {Proof.NOT_FOUND: wording.NOT_KNOWN, Proof.LOCKED: wording.LOCKED_TODAY}.get(done.proof)
        raise IdentityNotProven(message, outcome=done.proof)
    return await _now(subject)


@router.get("/mandates")
async def list_mandates(principal: RealNamed) -> MandateList:
    """For whom the person may act."""
    return MandateList(mandates=[_mandate(one) for one in await mandates.mandates_of(principal.person_id)])


@router.put("/taxpayer")
async def choose_taxpayer(body: TaxpayerRequest, principal: RealNamed, subject: Subject) -> Me:
    """Act for one of them from now on in this session."""
    await mandates.choose(principal, subject, body.taxpayer_id)
    return await _now(subject)


@router.get("/looks")
async def list_looks(principal: RealNamed) -> LookList:
    """Who looked at the person's own files, out of the audit log."""
    own = person_subject(principal.person_id)
    return LookList(looks=[_look(one, own) for one in await service.looks(principal)])


@router.get("/consent-texts", dependencies=[Public])
def list_consent_texts() -> ConsentTexts:
    """The texts in force, to be shown before somebody agrees."""
    return ConsentTexts(
        texts=[
            ConsentText(kind=kind, title=wording.CONSENT_TITLES[kind], version=wording.CONSENT_VERSION, text=text)
            for kind, text in wording.CONSENTS.items()
        ]
    )


@router.get("/consents")
async def list_consents(principal: Verified) -> ConsentList:
    """What the person agreed to."""
    return ConsentList(
        consents=[
            ConsentRead(
                id=one.id, kind=one.kind, title=wording.CONSENT_TITLES.get(one.kind, one.kind), version=one.version,
                text=one.text, channel=one.channel, given_at=one.given_at, withdrawn_at=one.withdrawn_at,
            )
            for one in await service.consents_of(principal.person_id)
        ]
    )  # fmt: skip


@router.delete("/consents/{consent_id}", status_code=204)
async def withdraw_consent(consent_id: UUID, principal: Verified) -> None:
    """Take a consent back, and with it the identity that stood on it, or, for the phone, everything."""
    await service.withdraw_consent(principal.person_id, consent_id)


async def _now(subject: str) -> Me:
    return await _me(await service.principal_now(subject))


async def _me(principal: Principal) -> Me:
    return Me(
        level=principal.level, name=principal.name, phone=await service.masked_phone(principal.person_id),
        taxpayer_id=principal.taxpayer_id, taxpayer_name=principal.taxpayer_name, role=principal.role,
    )  # fmt: skip


def _mandate(one: Held) -> MandateRead:
    return MandateRead(
        taxpayer_id=one.taxpayer_id, name=one.name, kind=one.kind, role=one.role,
        role_title=wording.ROLES.get(one.role, one.role),
    )  # fmt: skip


def _look(one: Look, own: str) -> LookRead:
    if one.actor == own:
        who = wording.WHO_SELF
    elif one.actor.startswith("person:"):
        who = wording.WHO_OTHER
    else:
        who = wording.WHO_SYSTEM if one.actor == "worker" else wording.WHO_STAFF
    return LookRead(at=one.at, who=who, action=one.action, what=wording.what_was_done(one.action))
