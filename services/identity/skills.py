"""Signing in, proving an identity, choosing for whom, and leaving, as skills."""

from __future__ import annotations

from collections.abc import Sequence

from hub.accounts.codes import CodeCheck, CodeOutcome, CodeTooSoon, door_shut
from hub.accounts.levels import SignInNeeded
from hub.kit.errors import Conflict
from hub.kit.masking import mask_name, mask_phone, mask_resident_id
from hub.skills import Access, Button, Choice, Preview, Principal, Skill, SkillContext, SkillResult, Values
from services.identity import mandates, proving, service, wording
from services.identity.proving import Proof, Proven
from services.identity.schemas import (
    AGAIN,
    TAIL,
    ProveIdentity,
    SignOut,
    by_tail,
    choose_form,
    proof_fields,
    sign_in_form,
)

HUMAN = Button("转人工", "intent:talk_to_human")
WRONG = {Proof.MISMATCH: wording.MISMATCH, Proof.NOT_FOUND: wording.NOT_KNOWN, Proof.LOCKED: wording.LOCKED_TODAY}


class OnlyInChat(Conflict):
    """Over the API people sign in under `/api/v1/auth`, where the token comes from."""

    code = "use_auth_api"
    message = wording.ONLY_IN_CHAT


def _who_asks(context: SkillContext) -> str:
    """The conversation or the browser that the session will belong to; a token is made by signing in, not before."""
    subject = context.session_subject
    if not subject or subject.startswith("token:"):
        raise OnlyInChat
    return subject


def _somebody(context: SkillContext) -> Principal:
    if context.principal is None:
        raise SignInNeeded
    return context.principal


# --- signing in


async def send_code(context: SkillContext, values: Values) -> str | None:
    """Before the code is asked for: send it, unless one is on its way; what to say of it."""
    phone, subject = str(values["phone"]), _who_asks(context)
    if await service.code_waits(phone, subject=subject):
        return wording.CODE_STILL_VALID.format(phone=mask_phone(phone))
    return await _send(context, phone)


async def _send(context: SkillContext, phone: str) -> str:
    try:
        sure = await service.send_code(phone, subject=_who_asks(context), address=context.address)
    except CodeTooSoon as error:
        return error.user_message
    words = wording.CODE_SENT if sure else wording.CODE_UNSURE
    return words.format(phone=mask_phone(phone), minutes=service.MINUTES)


SignIn = sign_in_form(send_code)


async def _sign_in(context: SkillContext, form: object) -> SkillResult:
    phone, code = form.phone, form.code  # type: ignore[attr-defined]
    subject = _who_asks(context)
    if code == AGAIN:
        return SkillResult("code_sent", await _send(context, phone), retry_fields=("code",))
    done = await service.sign_in(
        phone, code, asked_by=subject, subject=subject, act=context.key, channel=context.channel,
        address=context.address,
    )  # fmt: skip
    if done.person_id is not None:
        return SkillResult("signed_in", wording.SIGNED_IN.format(phone=mask_phone(phone)))
    return await _code_refused(context, phone, done.check)


async def _code_refused(context: SkillContext, phone: str, check: CodeCheck) -> SkillResult:
    if check.outcome is CodeOutcome.SHUT:
        assert check.shut_until is not None
        return SkillResult("locked", door_shut(check.shut_until).user_message, buttons=(HUMAN,))
    if check.outcome is CodeOutcome.WRONG:
        return SkillResult(
            "code_wrong", wording.CODE_WRONG.format(left=check.attempts_left), retry_fields=("code",)
        )  # fmt: skip
    return SkillResult("code_gone", wording.CODE_GONE + await _send(context, phone), retry_fields=("code",))


# --- proving an identity


async def _known_way(context: SkillContext, values: Values) -> Values:
    subject = context.session_subject
    return {"way": TAIL} if subject and await proving.known_before(subject) else {}


async def _preview_proof(context: SkillContext, form: ProveIdentity) -> Preview:
    principal = _somebody(context)
    if by_tail(form.way, form.id_tail):
        return Preview(wording.PREVIEW_TAIL)
    return Preview(
        wording.PREVIEW_FULL.format(
            name=mask_name(form.name or ""), number=mask_resident_id(form.resident_id or ""),
            phone=await service.masked_phone(principal.person_id), consent=wording.REAL_NAME_CONSENT,
        )
    )  # fmt: skip


async def _prove(context: SkillContext, form: ProveIdentity) -> SkillResult:
    principal, subject = _somebody(context), context.session_subject
    if by_tail(form.way, form.id_tail):
        return _told(
            await proving.by_tail(principal, subject, form.id_tail or "", context.address),
            ("id_tail",),
            wording.TAIL_WRONG,
        )
    done = await proving.in_full(
        principal, subject, form.name or "", form.resident_id or "", act=context.key, channel=context.channel,
        address=context.address,
    )  # fmt: skip
    return _told(done, ("name", "resident_id"), WRONG.get(done.proof, ""))


def _told(done: Proven, asked: tuple[str, ...], wrong: str) -> SkillResult:
    if done.proof is Proof.PROVEN:
        words = wording.CONFIRMED if asked == ("id_tail",) else wording.PROVEN
        return SkillResult("proven", words.format(name=mask_name(done.name)))
    if done.shut_until is not None:
        return SkillResult("locked", door_shut(done.shut_until).user_message, buttons=(HUMAN,))
    if done.proof is Proof.LOCKED:
        return SkillResult("locked", wrong, buttons=(HUMAN,))
    return SkillResult(done.proof, wrong, retry_fields=asked)


# --- choosing for whom


async def _taxpayers(context: SkillContext, values: Values) -> Sequence[Choice]:
    if context.principal is None:
        return ()
    held = await mandates.mandates_of(context.principal.person_id)
    return [Choice(f"{one.name}（{wording.ROLES.get(one.role, one.role)}）", one.taxpayer_id) for one in held]


async def _only_taxpayer(context: SkillContext, values: Values) -> Values:
    choices = await _taxpayers(context, values)
    return {"taxpayer_id": choices[0].value} if len(choices) == 1 else {}


ChooseTaxpayer = choose_form(_taxpayers)


async def _choose(context: SkillContext, form: object) -> SkillResult:
    taxpayer_id = form.taxpayer_id  # type: ignore[attr-defined]
    held = await mandates.choose(_somebody(context), context.session_subject, taxpayer_id)
    role = wording.ROLES.get(held.role, held.role)
    return SkillResult(
        "chosen", wording.CHOSEN.format(name=held.name, role=role),
        result={"taxpayer_id": held.taxpayer_id, "name": held.name, "role": held.role},
    )  # fmt: skip


# --- leaving


async def _preview_leaving(context: SkillContext, form: SignOut) -> Preview:
    words = wording.PREVIEW_UNBIND if form.scope == wording.UNBIND else wording.PREVIEW_LEAVE
    return Preview(words.format(phone=await service.masked_phone(_somebody(context).person_id)))


async def _leave(context: SkillContext, form: SignOut) -> SkillResult:
    principal = _somebody(context)
    if form.scope == wording.UNBIND:
        await service.unbind(principal.person_id)
        return SkillResult("unbound", wording.UNBOUND)
    await service.sign_out(principal, context.session_subject)
    return SkillResult("signed_out", wording.LEFT)


SIGN_IN = Skill(
    name="sign_in",
    title="登录验证",
    plan_action=4,
    summary="用手机短信验证码登录，查看和办理自己的业务。",
    form=SignIn,
    submit=_sign_in,
    access=Access.ANONYMOUS,
    offer="登录",
)
PROVE_IDENTITY = Skill(
    name="prove_identity",
    title="实名认证",
    plan_action=4,
    summary="核对姓名和身份证号码，确认是本人办理。",
    form=ProveIdentity,
    submit=_prove,
    access=Access.VERIFIED,
    confirm=True,
    offer="实名认证",
    required=proof_fields,
    prefill=_known_way,
    preview=_preview_proof,
)
CHOOSE_TAXPAYER = Skill(
    name="choose_taxpayer",
    title="选择办税身份",
    plan_action=4,
    summary="选择为哪一家企业或为自己办理，可以随时切换。",
    form=ChooseTaxpayer,
    submit=_choose,
    access=Access.REAL_NAME,
    offer="选择或切换办税身份",
    prefill=_only_taxpayer,
)
SIGN_OUT = Skill(
    name="sign_out",
    title="退出登录/解绑",
    plan_action=4,
    summary="退出登录，或者解除手机号绑定并删除实名信息。",
    form=SignOut,
    submit=_leave,
    access=Access.VERIFIED,
    confirm=True,
    offer="退出登录",
    preview=_preview_leaving,
)
IDENTITY = (SIGN_IN, PROVE_IDENTITY, CHOOSE_TAXPAYER, SIGN_OUT)
