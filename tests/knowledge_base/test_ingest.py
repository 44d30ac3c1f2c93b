"""Content files: every mistake is named, and what is right becomes versions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.kit import db
from knowledge_base import repository
from knowledge_base.ingest.content import Content, ContentError, load_content, read_content
from knowledge_base.models import Entry, EntryQuestion, EntryVersion, VersionState
from tests.knowledge_base import shelf
from tests.knowledge_base.shelf import entry


def problems(folder: Path, entries: list[dict[str, Any]], **changes: Any) -> str:
    """What is said about some entries."""
    with pytest.raises(ContentError) as caught:
        read_content(*shelf.write(folder, entries, **changes), known_skills={"invoice_inspection"})
    return "\n".join(caught.value.problems)


def content(folder: Path, entries: list[dict[str, Any]] | None = None) -> Content:
    """Right entries, read."""
    return read_content(*shelf.write(folder, entries), known_skills={"invoice_inspection"})


def asked(folder: Path, rows: object) -> None:
    """Write a file of further questions."""
    (folder / "asked").mkdir()
    (folder / "asked/more.yaml").write_text(yaml.safe_dump({"asked": rows}, allow_unicode=True), "utf-8")


class TestChecks:
    """Each thing that can be wrong."""

    def test_a_right_library_has_no_problem(self, tmp_path: Path) -> None:
        assert len(content(tmp_path).entries) == len(shelf.library())

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"citations": [{"document": "pear-law"}]}, "pear-law is not in the register"),
            (
                {"citations": [{"document": "apple-rules-2020"}]},
                "apple-rules-2020 is in force 2020-01-01 to 2025-12-31",
            ),
            ({"citations": []}, "an answer read in the official text"),
            ({"valid": {"from": date(2026, 1, 1), "to": None}}, "apple.free has no value on some day"),
            ({"answer": "{{ apple.weight | yuan }}"}, "there is no such parameter"),
            ({"answer": "{{ apple.free | yuan }"}, "unexpected"),
            ({"answer": "{{ pear.free }}"}, "'pear' is undefined"),
            ({"answer": "{{ apple.free | date }}"}, "is not a date"),
            ({"answer": "{{ apple.free | dozen }}"}, "No filter named 'dozen'"),
            ({"steps": ["{{ apple.weight }}"]}, "there is no such parameter"),
            ({"answer": "不到30万元的免征。"}, "30万元 should be a parameter"),
            ({"answer": "减按百分之三征收。"}, "百分之三 should be a parameter"),
            ({"answer": "例：卖10万元的，按3%缴税。"}, "3% should be a parameter"),
            ({"answer": "例：卖10万元的，税额3,000元。"}, "税额3,000元 should be a parameter"),
            ({"literals": ["5岁"]}, "literals: 5岁 stands in no text"),
            ({"answer": "依据财税〔2099〕1号。"}, "names 财税〔2099〕1号, which is not in the register"),
            ({"questions": ["苹果税"] * 6}, "stands there twice"),
            ({"questions": ["苹果税一", "苹果税二", "苹果税三", "苹果税四", "苹果税五"]}, "at least 6"),
            ({"title": "免征额{{ apple.free }}"}, "cannot embed parameters"),
            ({"skills": ["fly"]}, "there is no skill 'fly'"),
            ({"outcome": "redirect"}, "go together"),
            ({"valid": {"from": date(2026, 1, 2), "to": date(2026, 1, 1)}}, "ends before it begins"),
            ({"taxpayer_types": ["martian"]}, "taxpayer_types"),
            ({"evidence": "Z"}, "evidence"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_names_file_and_entry(self, tmp_path: Path, changes: dict[str, Any], said: str) -> None:
        found = problems(tmp_path, [entry(**changes)])
        assert "apple/all.yaml: apple.free: " in found
        assert said in found

    def test_all_problems_are_told_at_once(self, tmp_path: Path) -> None:
        found = problems(tmp_path, [entry(citations=[{"document": "x"}]), entry(id="apple.b", evidence="Z")])
        assert "apple.free: citations" in found
        assert "apple.b: evidence" in found

    def test_an_id_is_taken_once(self, tmp_path: Path) -> None:
        assert "the id is taken" in problems(tmp_path, [entry(), entry(valid=shelf.before_2026()["valid"])])

    def test_a_question_leads_to_one_family_on_a_day(self, tmp_path: Path) -> None:
        assert "also leads to apple.free" in problems(tmp_path, [entry(), entry(id="apple.other")])

    def test_a_question_may_lead_elsewhere_on_other_days(self, tmp_path: Path) -> None:
        other = shelf.before_2026() | {"family": "apple.other"}
        assert len(content(tmp_path, [entry(), other]).entries) == 2

    def test_a_family_has_one_text_for_a_day(self, tmp_path: Path) -> None:
        found = problems(tmp_path, [entry(), entry(id="apple.again", family="apple.free")])
        assert "overlaps with apple.free of the same family" in found

    def test_a_family_may_differ_by_kind_of_taxpayer(self, tmp_path: Path) -> None:
        both = [
            entry(taxpayer_types=["general"]),
            entry(id="apple.again", family="apple.free", taxpayer_types=["small_scale"]),
        ]
        assert len(content(tmp_path, both).entries) == 2

    def test_the_topic_is_the_folder(self, tmp_path: Path) -> None:
        folders = shelf.write(tmp_path, [entry()])
        (folders[0] / "apple/more.yaml").write_text("topic: pear\nentries: []\n", "utf-8")
        (folders[0] / "apple/broken.yaml").write_text("topic: [\n", "utf-8")
        with pytest.raises(ContentError) as caught:
            read_content(*folders)
        assert any("differs from its folder" in problem for problem in caught.value.problems)
        assert any("apple/broken.yaml" in problem for problem in caught.value.problems)

    def test_a_change_of_a_parameter_within_the_validity_is_rendered_too(self, tmp_path: Path) -> None:
        changing = entry(
            answer="{% if apple.free < 60000 %}{{ apple.free | yuan }}{% else %}{{ apple.free | date }}{% endif %}",
            valid={"from": date(2020, 1, 1), "to": date(2027, 12, 31)}, citations=[], evidence="R",
        )  # fmt: skip
        assert "on 2026-01-01" in problems(tmp_path, [changing])


class TestAsked:
    """Questions that others wrote for an entry."""

    def test_they_lead_to_the_entry_like_its_own(self, tmp_path: Path) -> None:
        folders = shelf.write(tmp_path)
        asked(folders[0], {"apple.free": ["苹果卖好多才交那个税", "苹果税起征点"]})
        found = next(item.entry for item in read_content(*folders).entries if item.entry.id == "apple.free")
        assert found.questions[:-1] == shelf.entry()["questions"]
        assert found.questions[-1] == "苹果卖好多才交那个税"

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ({"pear.free": ["梨子"]}, "there is no entry pear.free"),
            ({"apple.free": ["梨"]}, "apple.free"),
            ({"apple.rate": ["苹果税起征点"]}, "also leads to"),
            ([], "asked/more.yaml"),
        ],
    )
    def test_what_is_wrong_is_named(self, tmp_path: Path, rows: object, said: str) -> None:
        folders = shelf.write(tmp_path)
        asked(folders[0], rows)
        with pytest.raises(ContentError, match=said):
            read_content(*folders)


def test_numbers_that_no_law_changes_are_listed(tmp_path: Path) -> None:
    right = shelf.entry(answer="满3周岁起免征。例：卖10万元的免税。", literals=["3周岁"])
    loaded = read_content(*shelf.write(tmp_path, [right])).entries[0].entry
    plain = read_content(*shelf.write(tmp_path / "plain", [shelf.entry(answer="满三周岁起免征。")])).entries[0].entry
    assert "literals" not in loaded.stored()
    assert set(loaded.stored()) == set(plain.stored())


class TestLoad:
    """Versions in the database."""

    async def test_publishes_every_entry_with_its_questions(self, session: AsyncSession, tmp_path: Path) -> None:
        report = await load_content(session, content(tmp_path))
        assert (report.published, report.withdrawn, report.documents_changed) == (6, 0, 3)
        version = (await repository.published_versions(session))["apple.rate"]
        assert (version.number, version.authority, version.author) == (1, "normative_document", "repository")
        assert version.published_at is not None
        asked = await session.scalars(select(EntryQuestion).where(EntryQuestion.version_id == version.id))
        assert [row.kind for row in asked][:2] == ["title", "variant"]

    async def test_the_library_comes_back_as_it_was_written(self, session: AsyncSession, tmp_path: Path) -> None:
        written = content(tmp_path)
        await load_content(session, written)
        library = await repository.library(session)
        assert {row.content.id: row.content for row in library.entries} == {
            found.entry.id: found.entry for found in written.entries
        }
        assert library.documents == written.documents

    async def test_does_nothing_where_nothing_changed(self, session: AsyncSession, tmp_path: Path) -> None:
        await load_content(session, content(tmp_path))
        report = await load_content(session, content(tmp_path))
        assert not report.changed
        assert await session.scalar(select(func.count()).select_from(EntryVersion)) == 6

    async def test_a_change_supersedes_the_old_version(self, session: AsyncSession, tmp_path: Path) -> None:
        await load_content(session, content(tmp_path / "a"))
        changed = [row | {"title": "改了"} if row["id"] == "apple.free" else row for row in shelf.library()]
        report = await load_content(session, content(tmp_path / "b", changed))
        assert (report.published, report.withdrawn) == (1, 0)
        rows = await session.execute(
            select(EntryVersion.number, EntryVersion.state)
            .where(EntryVersion.entry_id == "apple.free")
            .order_by(EntryVersion.number)
        )
        assert [tuple(row) for row in rows] == [(1, "superseded"), (2, "published")]

    async def test_what_is_gone_is_withdrawn_and_may_return(self, session: AsyncSession, tmp_path: Path) -> None:
        await load_content(session, content(tmp_path / "a"))
        report = await load_content(session, content(tmp_path / "b", [entry()]))
        assert (report.published, report.withdrawn) == (0, 5)
        assert [row.content.id for row in (await repository.library(session)).entries] == ["apple.free"]
        assert (await load_content(session, content(tmp_path / "a"))).published == 5

    async def test_what_the_console_published_stays(self, session: AsyncSession, tmp_path: Path) -> None:
        await load_content(session, content(tmp_path))
        old = (await repository.published_versions(session))["apple.free"]
        old.move_to(VersionState.SUPERSEDED)
        await session.flush()
        own = {"entry_id": "desk.entry", "number": 1, "author": "editor"}
        again = {"entry_id": "apple.free", "number": 2, "author": "editor"}
        session.add(Entry(id="desk.entry", family="desk.entry", topic="desk"))
        await session.flush()
        for row in (own, again):
            session.add(
                EntryVersion(
                    **row, state=VersionState.PUBLISHED, content=old.content, content_hash="edited",
                    valid_from=old.valid_from, valid_to=old.valid_to, region="national", taxpayer_types=[],
                    evidence="V",
                )
            )  # fmt: skip
        await session.flush()
        assert not (await load_content(session, content(tmp_path))).changed
        published = await repository.published_versions(session)
        assert published["apple.free"].author == published["desk.entry"].author == "editor"

    async def test_tells_every_process_when_it_commits(self, empty_database: str, tmp_path: Path) -> None:
        async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as listener:
            await listener.execute(f"listen {repository.CHANNEL}")
            async with db.transaction() as session:
                await load_content(session, content(tmp_path))
            heard = [note.channel async for note in listener.notifies(timeout=5, stop_after=1)]
            assert heard == [repository.CHANNEL]
            async with db.transaction() as session:
                await load_content(session, content(tmp_path))
            assert [note async for note in listener.notifies(timeout=0.3)] == []


def test_a_version_moves_only_along_the_table() -> None:
    from hub.kit.errors import Conflict

    version = EntryVersion(state=VersionState.DRAFT)
    with pytest.raises(Conflict):
        version.move_to(VersionState.PUBLISHED)
    version.move_to(VersionState.REVIEW)
    version.move_to(VersionState.PUBLISHED)
    assert version.published_at is not None
    with pytest.raises(Conflict):
        version.move_to(VersionState.DRAFT)
