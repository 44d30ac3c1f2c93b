"""Tables of the knowledge base: documents, entries with their versions and questions, sentence vectors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.kit.clock import now
from hub.kit.db import Base
from hub.kit.errors import Conflict
from hub.kit.ids import new_id

DIMENSION = 384
REPOSITORY = "repository"  # author of versions that come from the content files


class VersionState(StrEnum):
    """Where a version stands between its first draft and its successor."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


class QuestionKind(StrEnum):
    """What a searchable text is to its entry."""

    TITLE = "title"
    VARIANT = "variant"


NEXT: Mapping[VersionState, frozenset[VersionState]] = {
    VersionState.DRAFT: frozenset({VersionState.REVIEW}),
    VersionState.REVIEW: frozenset({VersionState.DRAFT, VersionState.PUBLISHED}),
    VersionState.PUBLISHED: frozenset({VersionState.SUPERSEDED}),
    VersionState.SUPERSEDED: frozenset(),
}


class Document(Base):
    """One document that entries and parameters may cite."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[str | None] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    authority: Mapped[str] = mapped_column(String(40))
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    evidence: Mapped[str] = mapped_column(String(2))
    replaced_by: Mapped[str | None] = mapped_column(String(80))
    url: Mapped[str | None] = mapped_column(String(400))


class Article(Base):
    """One article of a statute that this installation has imported; `after` is 1 for 第十条之一."""

    __tablename__ = "statute_article"

    document_id: Mapped[str] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    after: Mapped[int] = mapped_column(primary_key=True, default=0)
    chapter: Mapped[str] = mapped_column(String(200))
    text: Mapped[str]
    imported_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Entry(Base):
    """One thing people ask about; what it says lives in its versions."""

    __tablename__ = "entry"

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    family: Mapped[str] = mapped_column(String(120), index=True)
    topic: Mapped[str] = mapped_column(String(60), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    versions: Mapped[list[EntryVersion]] = relationship(
        back_populates="entry", lazy="raise", order_by="EntryVersion.number"
    )


class EntryVersion(Base):
    """One wording of an entry, never edited once published."""

    __tablename__ = "entry_version"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        CheckConstraint("state in ('draft', 'review', 'published', 'superseded')", name="state"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        Index("uq_entry_version_published", "entry_id", unique=True, postgresql_where="state = 'published'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(ForeignKey("entry.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=VersionState.DRAFT)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    content_hash: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    region: Mapped[str] = mapped_column(String(40))
    taxpayer_types: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    authority: Mapped[str | None] = mapped_column(String(40))
    evidence: Mapped[str] = mapped_column(String(2))
    author: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=now)
    published_at: Mapped[datetime | None]

    entry: Mapped[Entry] = relationship(back_populates="versions", lazy="raise")
    questions: Mapped[list[EntryQuestion]] = relationship(
        back_populates="version", lazy="raise", cascade="all, delete-orphan", order_by="EntryQuestion.position"
    )

    def move_to(self, state: VersionState) -> None:
        """Go on to another state.

        Raises `Conflict` when the table of moves does not allow it.
        """
        if state not in NEXT[VersionState(self.state)]:
            raise Conflict(f"该版本当前为“{self.state}”，不能改为“{state}”。")
        self.state = state
        if state is VersionState.PUBLISHED:
            self.published_at = now()


class EntryQuestion(Base):
    """One text by which a version is found."""

    __tablename__ = "entry_question"
    __table_args__ = (UniqueConstraint("version_id", "position"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("entry_version.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(200))

    version: Mapped[EntryVersion] = relationship(back_populates="questions", lazy="raise")


class Embedding(Base):
    """The vector of a text under a model; a change of the model adds rows beside the old ones."""

    __tablename__ = "embedding"

    text_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    vector: Mapped[Any] = mapped_column(Vector(DIMENSION))
