"""How returns are filed in conversation: which obligation, what is known, the sheet, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hub.kit.errors import Unauthorized
from hub.skills import UNAVAILABLE, Button, Choice, Preview, Principal, SkillContext, SkillResult, Values
from services.filing import service, wording
from services.filing.chat_forms import FilingForm, How, Pick
from services.filing.delivery import Outcome
from services.filing.errors import CoreSystemUnavailable, NothingToFile, SheetChanged
from services.filing.facts import facts_of, obligation_read
from services.filing.preparing import known_shown
from services.filing.return_kind import ReturnKind
from services.filing.schemas import ObligationRead, Sheet, Standing
from services.gateways.tax_core.protocol import Obligation
from services.taxes.calculator import CannotCalculate

HUMAN = Button(wording.TALK_TO_HUMAN, "intent:talk_to_human")
WHY = Button(wording.WHY, "intent:explain_amount")
PAY = Button(wording.PAY, "skill:pay_tax")
RETURNS_BUTTON = Button(wording.RETURNS, "skill:my_returns")
CORRECTIONS_OFFERED = 4
OPEN = (Standing.OVERDUE, Standing.OPEN)


def principal_of(context: SkillContext) -> Principal:
    """Who calls, acting for a taxpayer.

    Raises `Unauthorized`.
    """
    if context.principal is None or context.principal.taxpayer_id is None:
        raise Unauthorized
    return context.principal


class Returns:
    """What the skills that file returns do alike: offer the obligations of some forms, show the sheet, file it."""

    def __init__(self, tax: str, kinds: Sequence[ReturnKind], again: Button) -> None:
        self._tax, self._again = tax, again
        self._forms = {kind.form: kind for kind in kinds}

    async def _duties(self, context: SkillContext) -> tuple[list[Obligation], list[Obligation]]:
        """What may be filed, the most urgent first, and what may be corrected, the latest first."""
        found = [one for one in await service.obligations(principal_of(context)) if one.form in self._forms]
        standing = {one.obligation_id: obligation_read(one, context.today).standing for one in found}
        due = [one for one in found if standing[one.obligation_id] in OPEN]
        filed = [one for one in found if standing[one.obligation_id] is Standing.FILED]
        return due, filed[::-1][:CORRECTIONS_OFFERED]

    async def _pick(self, context: SkillContext, obligation: Obligation) -> Pick:
        """How an obligation is filed: as a correction, with what is known, or with figures to be asked for."""
        if obligation.return_id is not None:
            return Pick(obligation.obligation_id, obligation.form, How.CORRECT)
        facts = await facts_of(obligation.taxpayer_id, obligation.obligation_id)
        needed = [name for name, field in self._forms[obligation.form].line.model_fields.items() if field.is_required()]
        complete = bool(facts.known) and all(name in facts.known[0] for name in needed)
        return Pick(obligation.obligation_id, obligation.form, How.FILE if complete else How.FILL)

    async def prefill(self, context: SkillContext, values: Values) -> Values:
        """The obligation, where only one is due.

        Raises `NothingToFile` when there is nothing to file nor to correct.
        """
        if "obligation_id" in values:
            return {}
        due, filed = await self._duties(context)
        if not due and not filed:
            raise NothingToFile(wording.NOTHING_TO_FILE.format(tax=self._tax))
        return {"obligation_id": (await self._pick(context, due[0])).value} if len(due) == 1 else {}

    async def options(self, context: SkillContext, values: Values) -> Sequence[Choice]:
        """The obligations that are due, and the latest returns, which may be corrected."""
        due, filed = await self._duties(context)
        picks = await asyncio.gather(*(self._pick(context, one) for one in [*due, *filed]))
        return [
            Choice(_option(obligation_read(one, context.today)), pick.value)
            for one, pick in zip([*due, *filed], picks, strict=True)
        ]

    def told(self, field: str) -> Callable[[SkillContext, Values], Awaitable[str | None]]:
        """Says what is known of a field, ahead of the question for it."""

        async def told(context: SkillContext, values: Values) -> str | None:
            pick = Pick.read(str(values.get("obligation_id", "")))
            facts = await facts_of(_taxpayer_id(context), pick.obligation_id)
            kind = self._forms.get(facts.filer.obligation.form)
            value = known_shown(kind, facts, field) if kind else None
            if kind is None or value is None:
                return None
            return wording.KNOWN_IS.format(source=facts.source, label=kind.label(field), value=value)

        return told

    def _given(self, pick: Pick, form: FilingForm) -> tuple[list[Mapping[str, Any]], list[str]]:
        """The figures that belong to the return, and the labels of those that do not."""
        kind, lines = self._forms.get(pick.form or ""), form.lines()
        if kind is None:
            return lines, []
        fields = kind.line.model_fields
        others = [name for line in lines for name in line if name not in fields]
        labels = [one.label(name) for name in others for one in self._forms.values() if name in one.line.model_fields]
        left = [{name: value for name, value in line.items() if name in fields} for line in lines]
        return [line for line in left if line], labels

    async def preview(self, context: SkillContext, form: Any) -> Preview:
        """The sheet to be confirmed, or why the figures do not go together; otherwise raises as `service.preview`."""
        pick = Pick.read(form.obligation_id)
        given, left_out = self._given(pick, form)
        try:
            shown = await service.preview(principal_of(context), pick.obligation_id, given, channel=context.channel)
        except CannotCalculate as error:
            return Preview("", refusal=wording.TOGETHER.format(problem=error.user_message), buttons=(HUMAN,), open=True)
        text = "\n".join([shown.text, *(wording.NOT_IN_RETURN.format(label=label) for label in left_out)])
        return Preview(text=text, trace_id=str(shown.trace_id), citations=_citations(shown.sheet))

    async def submit(self, context: SkillContext, form: Any) -> SkillResult:
        """File what was confirmed."""
        pick = Pick.read(form.obligation_id)
        given, _ = self._given(pick, form)
        try:
            outcome = await service.submit(
                principal_of(context), pick.obligation_id, given, key=context.key, channel=context.channel
            )
        except CannotCalculate as error:
            figures = tuple(name for line in given for name in line)
            return SkillResult("rejected", wording.TOGETHER.format(problem=error.user_message), retry_fields=figures)
        except CoreSystemUnavailable:
            return SkillResult(UNAVAILABLE, wording.NOT_SUBMITTED, buttons=(self._again, HUMAN))
        except SheetChanged as changed:
            return SkillResult("changed", changed.user_message, buttons=(self._again, HUMAN))
        return result_of(outcome, context)


def _taxpayer_id(context: SkillContext) -> str:
    taxpayer_id = principal_of(context).taxpayer_id
    assert taxpayer_id is not None, "checked there"
    return taxpayer_id


def _option(one: ObligationRead) -> str:
    """How an obligation is called among the choices."""
    words = {Standing.FILED: wording.OPTION_CORRECT, Standing.OVERDUE: wording.OPTION_OVERDUE}
    return words.get(one.standing, wording.OPTION_OPEN).format(period=one.period, day=one.due_on.isoformat())


def _citations(sheet: Sheet) -> tuple[Mapping[str, Any], ...]:
    return tuple(one.model_dump(mode="json") for one in sheet.citations)


def result_of(outcome: Outcome, context: SkillContext) -> SkillResult:
    """What came of filing, in words and for programs."""
    sheet, filed = outcome.sheet, outcome.filed
    buttons: tuple[Button, ...] = (RETURNS_BUTTON, HUMAN)
    if filed is not None:
        buttons = (*([PAY] if outcome.to_pay else []), WHY, RETURNS_BUTTON)
    return SkillResult(
        status=str(outcome.record.status),
        text=outcome.text(context.today),
        result={
            "filing_id": str(outcome.record.id),
            "return_id": outcome.record.return_id,
            "obligation_id": sheet.obligation_id,
            "form": sheet.form,
            "items": [item.model_dump(mode="json") for item in sheet.items],
            "total": str(sheet.total),
            "to_pay": str(outcome.to_pay),
            "due_on": sheet.due_on.isoformat(),
            "late": outcome.late,
            "replaces": sheet.earlier.return_id if sheet.earlier else None,
            "refusal": outcome.refusal.model_dump() if outcome.refusal else None,
        },
        receipt=filed.receipt_number if filed else None,
        buttons=buttons,
        citations=_citations(sheet) if filed else (),
        trace_id=str(outcome.row.trace_id),
    )
