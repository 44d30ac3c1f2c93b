"""A made-up skill with every kind of field, for what the shipped skills do not use yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from hub.kit import clock
from hub.kit.taxtext import parse_amount, parse_date
from hub.skills import Choice, Skill, SkillContext, SkillResult, Values, ask


def _day(value: Any) -> Any:
    return parse_date(value, clock.today()) or value if isinstance(value, str) else value


def _money(value: Any) -> Any:
    return parse_amount(value) or value if isinstance(value, str) else value


class Permit(BaseModel):
    """What an applicant fills in."""

    model_config = ConfigDict(extra="forbid")

    shop: str = ask(prompt="店铺叫什么名字？", invalid="店名最多20个字。", label="店名", max_length=20)
    size: Literal["small", "large"] = ask(
        prompt="店铺多大？",
        invalid="请在小店、大店里选一种。",
        label="规模",
        choices=(Choice("小店", "small"), Choice("大店", "large")),
    )
    rent: Annotated[Decimal | None, BeforeValidator(_money)] = ask(
        None, prompt="月租金多少元？", invalid="请填写月租金，单位元。", label="租金", entity="amount", gt=0
    )
    opens: Annotated[date, BeforeValidator(_day)] = ask(
        prompt="哪天开业？", invalid="没有看懂开业日期。", label="开业日期", entity="date", synonyms=("日期",)
    )
    story: str = ask(
        prompt="请说说经营情况。", invalid="请写2到200字。", label="经营情况", min_length=2, max_length=200,
        interruptible=False,
    )  # fmt: skip

    @model_validator(mode="after")
    def _large_shops_pay(self) -> Self:
        if self.size == "large" and self.rent is not None and self.rent < 1000:
            raise ValueError("大店的月租金不会低于1000元，请核对。")
        return self


def required(values: Values) -> Sequence[str]:
    """Small shops pay no rent worth mentioning."""
    rent = ["rent"] if values.get("size") == "large" else []
    return ["shop", "size", *rent, "opens", "story"]


@dataclass
class Office:
    """Grants permits; what it says next can be set, what it was asked is kept."""

    answer: SkillResult | Exception = field(default_factory=lambda: SkillResult("granted", "已受理。", receipt="R1"))
    asked: list[tuple[SkillContext, Permit]] = field(default_factory=list)

    async def submit(self, context: SkillContext, form: Permit) -> SkillResult:
        """Answer as told."""
        self.asked.append((context, form))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def skill(self) -> Skill:
        """The skill of this office."""
        return Skill(
            name="permit", title="开店许可", plan_action=0, summary="申请开店许可。", form=Permit, submit=self.submit,
            confirm=True, required=required,
        )  # fmt: skip


ANSWERS = (("开店许可", "permit"), ("好再来", "provide"), ("小店", "provide"), ("2026年12月1日", "provide"))
"""What leads to the story, the last field of a small shop."""
