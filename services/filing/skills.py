"""What is filed in conversation, 办税日历 and 申报记录 as skills: reachable by chat, API and web form."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from hub.skills import Access, Button, Skill, SkillContext, SkillResult
from services.filing import service, texts, wording
from services.filing.chat_forms import Asked, FilingForm, VatForm, filing_form, required_of
from services.filing.cit import CIT_PREPAYMENT_RETURN
from services.filing.conduct_taxes import VEHICLE_VESSEL_RETURN, VehicleVesselLine, asked_of_vehicle
from services.filing.conversation import HUMAN, OPEN, RETURNS_BUTTON, Returns, principal_of
from services.filing.facts import obligation_read
from services.filing.return_kind import ReturnKind
from services.filing.vat import VAT_GENERAL_RETURN, VAT_SMALL_SCALE_RETURN

CALENDAR_BUTTON = Button(wording.CALENDAR, "skill:tax_calendar")


class NoForm(BaseModel):
    """Nothing needs to be filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def calendar(context: SkillContext, form: NoForm) -> SkillResult:
    """办税日历: what is to be filed until when, and what has been."""
    principal = principal_of(context)
    found = [obligation_read(one, context.today) for one in await service.obligations(principal)]
    due = {one.form for one in found if one.standing in OPEN}
    buttons = [Button(skill.offer, f"skill:{skill.name}") for forms, skill in _FILED_BY if due & forms]
    return SkillResult(
        status="listed",
        text=texts.calendar_text(principal.taxpayer_name or principal.name, found, context.today),
        result={"obligations": [one.model_dump(mode="json") for one in found]},
        buttons=(*buttons, RETURNS_BUTTON),
    )


async def returns(context: SkillContext, form: NoForm) -> SkillResult:
    """申报记录: what was filed, with receipts, and what has no answer yet."""
    principal = principal_of(context)
    listed = await service.returns(principal)
    return SkillResult(
        status="listed",
        text=texts.returns_text(principal.taxpayer_name or principal.name, listed),
        result=listed.model_dump(mode="json"),
        buttons=(CALENDAR_BUTTON, HUMAN),
        # "为什么是这个数" after the list explains its newest
        trace_id=next((str(one.trace_id) for one in listed.returns if one.trace_id), None),
    )


def _filing_skill(
    name: str, title: str, summary: str, offer: str, returns: Returns, base: type[FilingForm],
    fields: Mapping[str, ReturnKind], asked: Asked,
) -> Skill:  # fmt: skip
    form = filing_form(
        "".join(part.title() for part in name.split("_")), base, fields, options=returns.options,
        told={field: returns.told(field) for field in (asked if not callable(asked) else fields)},
    )  # fmt: skip
    return Skill(
        name=name, title=title, plan_action=5, summary=summary, form=form, submit=returns.submit,
        access=Access.AUTHORISED, confirm=True, offer=offer, required=required_of(asked), prefill=returns.prefill,
        preview=returns.preview,
    )  # fmt: skip


_VAT = Returns("增值税", (VAT_SMALL_SCALE_RETURN, VAT_GENERAL_RETURN), Button(wording.FILE_VAT, "skill:file_vat"))
_CIT = Returns("企业所得税", (CIT_PREPAYMENT_RETURN,), Button(wording.FILE_CIT, "skill:file_cit"))
_VEHICLE = Returns("车船税", (VEHICLE_VESSEL_RETURN,), Button(wording.FILE_VEHICLE, "skill:file_vehicle"))

FILE_VAT = _filing_skill(
    "file_vat", "增值税申报", "按期申报增值税和附加税费：数据已预填，核对确认后正式申报，当场得到回执；也可以更正。",
    wording.FILE_VAT, _VAT, VatForm,
    {
        **dict.fromkeys(("sales", "special_sales", "special_full_sales", "leases"), VAT_SMALL_SCALE_RETURN),
        **dict.fromkeys(
            ("sales_standard", "sales_reduced", "sales_services", "input_tax", "transferred_out", "credit"),
            VAT_GENERAL_RETURN,
        ),
        "prepaid": VAT_SMALL_SCALE_RETURN,
    },
    ("sales", "special_sales"),
)  # fmt: skip
FILE_CIT = _filing_skill(
    "file_cit", "企业所得税预缴申报", "按季（月）预缴企业所得税：自动判断小型微利企业，核对确认后正式申报，得到回执。",
    wording.FILE_CIT, _CIT, FilingForm,
    dict.fromkeys(
        ("profit", "staff", "assets", "losses", "exempt", "depreciation", "status"), CIT_PREPAYMENT_RETURN
    ),
    ("profit", "staff", "assets"),
)  # fmt: skip
FILE_VEHICLE = _filing_skill(
    "file_vehicle", "车船税申报", "按年申报汽车、摩托车、船舶的车船税：登记信息已预填，核对确认后正式申报，得到回执。",
    wording.FILE_VEHICLE, _VEHICLE, FilingForm,
    dict.fromkeys(VehicleVesselLine.model_fields, VEHICLE_VESSEL_RETURN), asked_of_vehicle,
)  # fmt: skip
_FILED_BY = (
    (frozenset({"vat_small_scale", "vat_general"}), FILE_VAT),
    (frozenset({"cit_prepayment"}), FILE_CIT),
    (frozenset({"vehicle_vessel"}), FILE_VEHICLE),
)
TAX_CALENDAR = Skill(
    name="tax_calendar", title="办税日历", plan_action=5, summary="哪些税费要申报、什么时候截止、哪些已经申报。",
    form=NoForm, submit=calendar, access=Access.AUTHORISED, offer=wording.CALENDAR,
)  # fmt: skip
MY_RETURNS = Skill(
    name="my_returns", title="申报记录", plan_action=5,
    summary="看已申报的、正在提交的和没有受理的申报，以及回执号。",
    form=NoForm, submit=returns, access=Access.AUTHORISED, offer=wording.RETURNS,
)  # fmt: skip
FILING: tuple[Skill, ...] = (FILE_VAT, FILE_CIT, FILE_VEHICLE, TAX_CALENDAR, MY_RETURNS)
