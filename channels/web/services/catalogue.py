"""What can be done on pages: every skill, and every calculator that is not a skill of its own; with a plain search."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

from hub.kit.taxtext import normalise
from hub.skills import Skill, SkillContext, SkillResult
from services.calculations import service as calculations
from services.registry import SKILLS
from services.taxes.calculator import Calculator
from services.taxes.registry import CALCULATORS

CALCULATOR = "calculator_"
GROUPS = {
    0: "登录与身份", 3: "税费计算", 5: "申报缴税", 10: "发票查验", 15: "提醒与订阅",
}  # fmt: skip
OTHERS = "其他服务"


@lru_cache
def entries() -> tuple[Skill, ...]:
    """Everything, in the order in which it is shown."""
    return (*SKILLS, *(_as_skill(one) for one in CALCULATORS))


def entry(name: str) -> Skill:
    """The entry of this name.

    Raises `LookupError` when there is none.
    """
    for one in entries():
        if one.name == name:
            return one
    raise LookupError(name)


def grouped(found: Sequence[Skill]) -> list[tuple[str, list[Skill]]]:
    """Entries under the headings of the page."""
    groups: dict[str, list[Skill]] = {}
    for one in found:
        groups.setdefault(GROUPS.get(one.plan_action, OTHERS), []).append(one)
    return list(groups.items())


def search(words: str) -> list[Skill]:
    """Entries that have most of the characters of the words in title, sentence or summary, best first."""
    wanted = set(normalise(words)) - set(" 的我要想办帮下一")
    if not wanted:
        return list(entries())
    scored = [(len(wanted & set(f"{one.title}{one.offer}{one.summary}")) / len(wanted), one) for one in entries()]
    hits = [(score + (words in f"{one.title}{one.summary}"), one) for score, one in scored if score > 0.6]
    return [one for _, one in sorted(hits, key=lambda hit: -hit[0])]


def _as_skill(calculator: Calculator) -> Skill:
    """A calculator as a page has it: no account, nothing to confirm."""
    return Skill(
        name=f"{CALCULATOR}{calculator.name}", title=f"{calculator.title}计算", plan_action=3,
        summary=calculator.summary, form=calculator.form, submit=_calculating(calculator.name),
        required=lambda _: [name for name, info in calculator.form.model_fields.items() if info.is_required()],
    )  # fmt: skip


def _calculating(name: str) -> Callable[[SkillContext, Any], Awaitable[SkillResult]]:
    async def submit(context: SkillContext, form: Any) -> SkillResult:
        read = await calculations.calculate(name, form.model_dump(mode="json", exclude_none=True), channel="web")
        return SkillResult(
            "calculated", read.text, citations=tuple(one.model_dump(mode="json") for one in read.citations),
            trace_id=str(read.trace_id),
        )  # fmt: skip

    return submit
