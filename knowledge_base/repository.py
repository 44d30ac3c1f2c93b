"""The only selects of the knowledge base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import ARRAY, BindParameter, String, any_, delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit.errors import NotFound
from knowledge_base.models import Article, Document, Embedding, Entry, EntryVersion, VersionState
from knowledge_base.register import RegisteredDocument
from knowledge_base.schemas import ContentEntry, Library, PublishedEntry, StatuteArticle
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.statutes import article_name

CHANNEL = "knowledge_changed"


def array(values: Iterable[str]) -> BindParameter[list[str]]:
    """Any number of texts as one parameter of a statement: the wire allows 65,535 of these."""
    return literal(list(values), ARRAY(String))


async def library(session: AsyncSession) -> Library:
    """Everything published, and the register."""
    versions = await session.execute(
        select(EntryVersion, Entry.topic)
        .join(Entry, Entry.id == EntryVersion.entry_id)
        .where(EntryVersion.state == VersionState.PUBLISHED, Entry.withdrawn_at.is_(None))
        .order_by(EntryVersion.entry_id)
    )
    entries = [
        PublishedEntry(
            version_id=version.id, topic=topic, content_hash=version.content_hash,
            content=ContentEntry.model_validate(version.content),
        )
        for version, topic in versions
    ]  # fmt: skip
    rows = await session.scalars(select(Document).order_by(Document.id))
    articles = await session.scalars(select(Article).order_by(Article.document_id, Article.number, Article.after))
    return Library(
        entries=entries,
        documents={row.id: _registered(row) for row in rows},
        articles=[
            StatuteArticle(
                document=row.document_id, number=row.number, after=row.after, chapter=row.chapter, text=row.text
            )
            for row in articles
        ],
    )


def _registered(row: Document) -> RegisteredDocument:
    return RegisteredDocument.model_validate(
        {
            "number": row.number, "title": row.title, "authority": row.authority, "from": row.effective_from,
            "to": row.effective_to, "evidence": row.evidence, "replaced_by": row.replaced_by, "url": row.url,
        }
    )  # fmt: skip


async def save_register(session: AsyncSession, documents: Mapping[str, RegisteredDocument]) -> int:
    """Bring the register to the given state; answers how many rows changed."""
    stored = {row.id: row for row in await session.scalars(select(Document))}
    changed = 0
    for key, document in documents.items():
        if key in stored and _registered(stored[key]) == document:
            continue
        await session.merge(Document(id=key, **document.model_dump()))
        changed += 1
    gone = set(stored) - set(documents)
    if gone:
        await session.execute(delete(Document).where(Document.id.in_(gone)))
    return changed + len(gone)


async def save_articles(
    session: AsyncSession,
    document: str,
    articles: Sequence[StatuteArticle],
    *,
    whole: bool = True,
    dry_run: bool = False,
) -> dict[str, str]:
    """Bring the articles of a statute to what was read; answers what became of each, and tells every process.

    Stored articles that were not read go only if the statute was read `whole`.

    Raises `NotFound` when the document is not in the database yet.
    """
    if await session.get(Document, document) is None:
        raise NotFound("数据库中还没有这份文件，请先运行 hub knowledge load。")
    stored = {
        (row.number, row.after): row
        for row in await session.scalars(select(Article).where(Article.document_id == document))
    }
    fates: dict[str, str] = {}
    for article in articles:
        old = stored.pop((article.number, article.after), None)
        same = old is not None and (old.chapter, old.text) == (article.chapter, article.text)
        fates[article_name(article.number, article.after)] = "未变" if same else "更新" if old else "新增"
        if not same and not dry_run:
            content = article.model_dump(exclude={"document"})
            await session.merge(Article(document_id=document, **content))
    for row in stored.values():
        fates[article_name(row.number, row.after)] = "删除" if whole else "保留"
        if whole and not dry_run:
            await session.delete(row)
    if not dry_run:
        await session.flush()
        await announce_change(session)
    return fates


async def entries_by_id(session: AsyncSession) -> dict[str, Entry]:
    """Every entry, withdrawn ones included."""
    return {entry.id: entry for entry in await session.scalars(select(Entry))}


async def published_versions(session: AsyncSession) -> dict[str, EntryVersion]:
    """The published version of each entry that has one."""
    found = await session.scalars(select(EntryVersion).where(EntryVersion.state == VersionState.PUBLISHED))
    return {version.entry_id: version for version in found}


async def latest_hashes(session: AsyncSession, author: str) -> dict[str, str]:
    """The content hash of the newest version of each entry by an author."""
    newest = (
        select(EntryVersion.entry_id, EntryVersion.content_hash)
        .where(EntryVersion.author == author)
        .distinct(EntryVersion.entry_id)
        .order_by(EntryVersion.entry_id, EntryVersion.number.desc())
    )
    return {entry_id: content_hash for entry_id, content_hash in await session.execute(newest)}


async def latest_numbers(session: AsyncSession) -> dict[str, int]:
    """The highest version number of each entry."""
    rows = await session.execute(
        select(EntryVersion.entry_id, func.max(EntryVersion.number)).group_by(EntryVersion.entry_id)
    )
    return {entry_id: number for entry_id, number in rows}


async def announce_change(session: AsyncSession) -> None:
    """Tell every process, when this transaction commits, that what is published has changed."""
    await session.execute(select(func.pg_notify(CHANNEL, "")))


async def vectors(session: AsyncSession, model_hash: str, text_hashes: Iterable[str]) -> dict[str, Vectors]:
    """The stored vectors of texts under a model."""
    wanted = select(Embedding.text_hash, Embedding.vector).where(
        Embedding.model_hash == model_hash, Embedding.text_hash == any_(array(text_hashes))
    )
    return {key: np.asarray(vector, np.float32) for key, vector in await session.execute(wanted)}


async def save_vectors(session: AsyncSession, model_hash: str, rows: Sequence[tuple[str, Vectors]]) -> None:
    """Store vectors; one that another process stored first is kept."""
    values = [{"text_hash": key, "model_hash": model_hash, "vector": vector} for key, vector in rows]
    if values:
        await session.execute(insert(Embedding).values(values).on_conflict_do_nothing())


async def index_vectors(session: AsyncSession) -> None:
    """Have the graph by which PostgreSQL itself finds the nearest vectors; minutes of work the first time."""
    await session.execute(
        text("create index if not exists ix_embedding_vector on embedding using hnsw (vector vector_ip_ops)")
    )


async def forget_vectors(session: AsyncSession, model_hash: str, keep: Iterable[str]) -> int:
    """Drop the vectors of a model whose texts are no longer in use; answers how many."""
    stored = set(await session.scalars(select(Embedding.text_hash).where(Embedding.model_hash == model_hash)))
    gone = stored - set(keep)
    if gone:
        await session.execute(
            delete(Embedding).where(Embedding.model_hash == model_hash, Embedding.text_hash == any_(array(gone)))
        )
    return len(gone)


async def forget_other_models(session: AsyncSession, model_hash: str) -> None:
    """Drop the vectors of every other model; for when no process of an older release runs any more."""
    await session.execute(delete(Embedding).where(Embedding.model_hash != model_hash))
