"""Shapes of the knowledge base: content files as editors write them, questions and answers as callers see them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from knowledge_base.register import Evidence, RegisteredDocument

TaxpayerType = Literal["small_scale", "general", "sole_trader", "enterprise", "individual", "non_resident"]
TAXPAYER_TYPES: Mapping[TaxpayerType, str] = {
    "small_scale": "小规模纳税人", "general": "一般纳税人", "sole_trader": "个体工商户",
    "enterprise": "企业", "individual": "个人", "non_resident": "非居民",
}  # fmt: skip
"""What people call them."""

Outcome = Literal["answered", "refused", "redirect", "no_answer"]
Status = Literal["answered", "clarify", "no_answer", "redirect", "refused"]
NATIONAL = "national"

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=120)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class _Content(BaseModel):
    """Base of what is written in files: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Validity(_Content):
    """The days on which a text is the law; `to` is None when no end is stated."""

    start: date = Field(alias="from")
    end: date | None = Field(alias="to")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Validity:
        if self.end and self.end < self.start:
            raise ValueError("it ends before it begins")
        return self

    def contains(self, day: date) -> bool:
        """Whether the text is the law on a day."""
        return self.start <= day and (self.end is None or day <= self.end)

    def overlaps(self, other: Validity) -> bool:
        """Whether there is a day on which both are the law."""
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)


class ContentCitation(_Content):
    """A document of the register, and the article in it where it is known."""

    document: str
    article: Line | None = None


class Redirect(_Content):
    """Who is in charge instead."""

    agency: Line
    phone: str | None = Field(None, max_length=40)


class ContentEntry(_Content):
    """One entry as an editor writes it; see `content/README.md`."""

    id: Identifier
    family: Identifier = ""
    title: Question
    questions: list[Question]
    answer: Line
    detail: str | None = Field(None, max_length=6000)
    conditions: list[Line] = []
    steps: list[Line] = []
    next: Line | None = None
    citations: list[ContentCitation] = []
    valid: Validity
    taxpayer_types: list[TaxpayerType] = []
    region: str = Field(NATIONAL, min_length=2, max_length=40)
    skills: list[str] = []
    evidence: Evidence
    outcome: Outcome = "answered"
    redirect: Redirect | None = None
    literals: list[Line] = Field([], exclude=True)  # for the check of the files only, no part of a version

    @model_validator(mode="before")
    @classmethod
    def _family_is_the_id_unless_given(cls, data: object) -> object:
        if isinstance(data, dict) and not data.get("family") and "id" in data:
            return {**data, "family": data["id"]}
        return data

    @model_validator(mode="after")
    def _redirect_goes_with_its_outcome(self) -> ContentEntry:
        if (self.outcome == "redirect") != (self.redirect is not None):
            raise ValueError("`redirect` and `outcome: redirect` go together")
        return self

    @property
    def guard(self) -> bool:
        """Whether it says that we do not answer this."""
        return self.outcome != "answered"

    def templates(self) -> list[str]:
        """Every text in which parameters may be embedded."""
        optional = [text for text in (self.detail, self.next) if text]
        return [self.answer, *optional, *self.conditions, *self.steps]

    def content_hash(self, topic: str) -> str:
        """Changes with anything that a reader or the search could notice."""
        body = {"topic": topic, **self.model_dump(mode="json", by_alias=True)}
        return hashlib.sha256(json.dumps(body, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    def stored(self) -> dict[str, object]:
        """What a version keeps of it."""
        return self.model_dump(mode="json", by_alias=True)


class ContentFile(_Content):
    """One file of entries."""

    topic: Identifier
    entries: list[ContentEntry]


class AskedFile(_Content):
    """More questions by the id of the entry that answers them; see `content/README.md`."""

    asked: dict[Identifier, list[Question]]


class PublishedEntry(BaseModel):
    """A published version as the search index holds it."""

    model_config = ConfigDict(frozen=True)

    version_id: UUID
    topic: str
    content_hash: str
    content: ContentEntry


class StatuteArticle(BaseModel):
    """One article of an imported statute; `after` is 1 for 第十条之一."""

    model_config = ConfigDict(frozen=True)

    document: str
    number: int
    after: int
    chapter: str
    text: str


class Library(BaseModel):
    """Everything that answers are made of: published entries, the register they cite, and imported statutes."""

    model_config = ConfigDict(frozen=True)

    entries: list[PublishedEntry]
    documents: dict[str, RegisteredDocument]
    articles: list[StatuteArticle] = []


class AskRequest(BaseModel):
    """A question, and what is known about the one who asks."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(
        max_length=5000, title="问题", description="用日常说法提问即可，例如“小规模一个月卖多少不用交增值税”。"
    )
    as_of: date | None = Field(
        None, title="适用日期", description="按哪一天的规定回答；不填则从问题里识别，识别不到按今天。"
    )
    region: str | None = Field(None, max_length=40, title="地区")
    taxpayer_type: TaxpayerType | None = Field(None, title="纳税人类型")
    limit: int = Field(3, ge=1, le=10, title="相关问题条数上限")
    context: list[Annotated[str, StringConstraints(max_length=5000)]] = Field(
        [], max_length=5, title="前文", description="同一个人之前的提问，由早到晚；“那一般纳税人呢”这样的追问据此理解。"
    )


class Citation(BaseModel):
    """What an answer rests on."""

    title: str
    document_number: str | None
    article: str | None
    effective_from: date
    effective_to: date | None
    authority: str
    url: str | None


class Related(BaseModel):
    """Another entry that may be meant."""

    entry_id: str
    title: str
    confidence: float


class Answer(BaseModel):
    """What is said to a question; `valid_on` is the day whose law it states."""

    status: Status
    answer: str
    entry_id: str | None = None
    title: str | None = None
    confidence: float = Field(ge=0, le=1)
    valid_on: date
    citations: list[Citation] = []
    related: list[Related] = []
    suggested_skills: list[str] = []
    redirect: Redirect | None = None

    @property
    def shown(self) -> bool:
        """Whether a question back comes with the text of the entry that is probably meant."""
        return self.status == "clarify" and self.entry_id is not None
