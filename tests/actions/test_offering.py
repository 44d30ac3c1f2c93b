"""What a form asks next where it depends on the person: known values, own choices, work beforehand, sheets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Self

import pytest
from pydantic import BaseModel, model_validator

from actions.hearing import CONFIRM
from actions.offering import STOPPED, CannotGoOn, next_of
from hub.kit.errors import Conflict, Unavailable
from hub.skills import Choice, Preview, Skill, SkillContext, SkillResult, Values, ask
from services.gateways.errors import GatewayTimeout

CONTEXT = SkillContext(date(2026, 10, 12), "k", "conversation:1")


@dataclass
class Desk:
    """What the skill below offers, sends and shows; a test changes it."""

    stalls: tuple[Choice, ...] = (Choice("东门", "e"), Choice("西门", "w"))
    sheet: Preview = field(default_factory=lambda: Preview("请确认摊位。", trace_id="t1"))
    known: dict[str, str] = field(default_factory=dict)
    trouble: Exception | None = None
    sent: list[Values] = field(default_factory=list)

    async def options(self, context: SkillContext, values: Values) -> Sequence[Choice]:
        if self.trouble:
            raise self.trouble
        return self.stalls

    async def send(self, context: SkillContext, values: Values) -> str | None:
        self.sent.append(dict(values))
        return "号码已发出。"

    async def prefill(self, context: SkillContext, values: Values) -> Values:
        return self.known

    async def preview(self, context: SkillContext, form: BaseModel) -> Preview:
        return self.sheet

    async def submit(self, context: SkillContext, form: BaseModel) -> SkillResult:
        raise AssertionError("not reached")


def skill(desk: Desk) -> Skill:
    """A stall at the market."""

    class Stall(BaseModel):
        stall: str = ask(prompt="哪个摊位？", invalid="没有可选的摊位。", label="摊位", options=desk.options)
        number: str = ask(prompt="号码？", invalid="号码不对。", label="号码", before=desk.send)
        rent: Decimal = ask(prompt="租金？", invalid="租金要填数字。", label="租金", entity="amount", gt=0)

        @model_validator(mode="after")
        def _west_is_dear(self) -> Self:
            if self.stall == "w" and self.rent < 100:
                raise ValueError("西门租金不低于100元。")
            return self

    return Skill(
        "stall",
        "租摊位",
        0,
        "租一个摊位。",
        Stall,
        desk.submit,
        confirm=True,
        prefill=desk.prefill,
        preview=desk.preview,
    )


async def go(desk: Desk, known: dict[str, str], asked: str | None = None, *, opening: bool = False, ok: bool = False):  # type: ignore[no-untyped-def]
    """What comes next."""
    return await next_of(skill(desk), CONTEXT, known, opening=opening, asked=asked, confirmed=ok)


async def test_what_is_known_is_filled_in_once_and_never_over_what_was_said() -> None:
    desk = Desk(known={"stall": "e", "rent": "50"})
    assert (await go(desk, {"stall": "w"}, opening=True)).known == {"stall": "w", "rent": "50"}
    assert (await go(desk, {"stall": "w"})).known == {"stall": "w"}


async def test_work_is_done_before_a_field_is_first_asked_for() -> None:
    desk = Desk()
    coming = await go(desk, {"stall": "e"}, "stall")
    assert (coming.missing, [reply.text for reply in coming.replies]) == ("number", ["号码已发出。"])
    assert (await go(desk, {"stall": "e"}, "number")).replies == []
    assert desk.sent == [{"stall": "e"}]


async def test_without_any_choice_the_form_ends() -> None:
    with pytest.raises(CannotGoOn) as end:
        await go(Desk(stalls=()), {})
    assert end.value.reply.text == "没有可选的摊位。"
    assert end.value.reply.extra == {STOPPED: "stall"}


@pytest.mark.parametrize("trouble", [GatewayTimeout("late"), Unavailable("系统维护中。")])
async def test_trouble_outside_keeps_everything(trouble: Exception) -> None:
    with pytest.raises(CannotGoOn) as end:
        await go(Desk(trouble=trouble), {})
    assert end.value.reply.extra == {STOPPED: "stall", "kept": "stall"}
    assert "已为您保留" in end.value.reply.text


async def test_a_refusal_ends_the_form_in_its_own_words() -> None:
    with pytest.raises(CannotGoOn) as end:
        await go(Desk(trouble=Conflict("已经租出去了。")), {})
    assert end.value.reply.text == "已经租出去了。"


ALL = {"stall": "e", "number": "1", "rent": "50"}


async def test_the_sheet_is_shown_before_the_confirmation() -> None:
    coming = await go(Desk(), ALL)
    assert coming.missing == CONFIRM
    assert coming.replies[0].text == "请确认摊位。"
    assert coming.replies[0].extra == {"trace": "t1"}
    assert (await go(Desk(), ALL, ok=True)).missing is None


async def test_a_sheet_may_refuse() -> None:
    with pytest.raises(CannotGoOn) as end:
        await go(Desk(sheet=Preview("", refusal="本期已经交过。")), ALL)
    assert end.value.reply.text == "本期已经交过。"


async def test_a_broken_rule_about_the_whole_is_asked_again_instead_of_shown() -> None:
    coming = await go(Desk(), {**ALL, "stall": "w"})
    assert coming.missing == "rent"
    assert coming.replies[0].text == "西门租金不低于100元。"
    assert coming.dropped == ["rent"]


async def test_without_a_sheet_the_values_are_listed_with_the_titles_of_their_choices() -> None:
    desk = Desk()
    coming = await next_of(replace(skill(desk), preview=None), CONTEXT, ALL, opening=False, asked=None, confirmed=False)
    assert "摊位：东门" in coming.replies[0].text
