"""An editor brings a spreadsheet, Markdown or the text of a law: every row is reported, the right ones come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from hub.kit import db
from knowledge_base import commands, repository
from knowledge_base.answer import Answerer
from knowledge_base.evaluation.tuning import library_of
from knowledge_base.ingest import content
from knowledge_base.ingest.content import ContentError, read_content
from knowledge_base.ingest.imports import entries, statutes
from knowledge_base.ingest.imports.fields import FieldError
from knowledge_base.question import understand
from knowledge_base.schemas import AskRequest, Library, StatuteArticle
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.statutes import Statutes, article_name
from knowledge_base.search.texts import index_texts
from tests.knowledge_base import shelf
from tests.knowledge_base.test_answer import plain_calibration

HEAD = ["编号", "主题", "标题", "问法", "答复", "依据", "生效", "失效", "纳税人类型", "可信度"]
QUESTIONS = "\n".join(f"- 梨子税第{number}问怎么算" for number in range(6))
RIGHT = [
    "apple.pear", "apple", "梨子怎么交税", QUESTIONS, "梨子和苹果一样，按{{ apple.rate | percent }}缴。",
    "apple-law 第二条", datetime(2026, 1, 1), None, "小规模、个人", "V",
]  # fmt: skip


def row(**changes: Any) -> list[Any]:
    """A right row with changes by column."""
    return [changes.get(name, value) for name, value in zip(HEAD, RIGHT, strict=True)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Content and parameters of the test library."""
    return shelf.write(tmp_path / "shelf")


def sheet(path: Path, rows: list[list[Any]], head: list[str] | None = None) -> Path:
    """Write a workbook."""
    book = openpyxl.Workbook()
    for cells in [HEAD if head is None else head, *rows]:
        book.active.append(cells)
    book.save(path)
    return path


def imported(path: Path, folders: tuple[Path, Path]) -> tuple[list[entries.RowReport], dict[Path, str]]:
    """Judge a file against the test library."""
    return entries.import_entries(entries.rows_of(path), path.stem, read_content(*folders), None, folders[0])


def test_a_workbook_comes_in_row_by_row(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    rows = [
        RIGHT, [None] * len(HEAD),
        row(编号="apple.plum", 标题="李子怎么交税", 问法=QUESTIONS.replace("梨", "李"), 依据="plum-law"),
        row(编号="apple.fig", 问法=QUESTIONS.replace("梨", "枣"), 生效="去年"), row(编号="apple.rate"),
        row(编号="apple.date", 问法=QUESTIONS.replace("梨", "枣"), 答复="满30万元缴税。"),
    ]  # fmt: skip
    reports, files = imported(sheet(tmp_path / "水果 2026.xlsx", rows), folders)
    assert [(one.where, one.entry_id, one.fate) for one in reports] == [
        ("第2行", "apple.pear", "新增"), ("第4行", "apple.plum", "错误"), ("第5行", "apple.fig", "错误"),
        ("第6行", "apple.rate", "错误"), ("第7行", "apple.date", "错误"),
    ]  # fmt: skip
    said = "\n".join(one.line() for one in reports)
    for words in ("plum-law is not in the register", "日期“去年”看不懂", "the id is taken by", "30万元 should be a"):
        assert words in said
    entries_before = len(read_content(*folders).entries)
    entries.write(files, lambda: read_content(*folders))
    loaded = read_content(*folders)
    assert len(loaded.entries) == entries_before + 1
    pear = next(found.entry for found in loaded.entries if found.entry.id == "apple.pear")
    assert pear.questions[0] == "梨子税第0问怎么算"
    assert (pear.taxpayer_types, pear.valid.start, pear.citations[0].article) == (
        ["small_scale", "individual"], date(2026, 1, 1), "第二条",
    )  # fmt: skip


def test_a_second_import_changes_only_what_differs(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    plum = row(编号="apple.plum", 标题="李子怎么交税", 问法=QUESTIONS.replace("梨", "李"))
    entries.write(imported(sheet(tmp_path / "fruit.xlsx", [RIGHT, plum]), folders)[1], lambda: read_content(*folders))
    again = [row(答复="梨子不缴税。"), [*plum[:6], "坏日期", *plum[7:]]]
    reports, files = imported(sheet(tmp_path / "fruit.xlsx", again), folders)
    assert [one.fate for one in reports] == ["更新", "错误"]
    entries.write(files, lambda: read_content(*folders))
    kept = {found.entry.id: found.entry for found in read_content(*folders).entries}
    assert kept["apple.pear"].answer == "梨子不缴税。"
    assert kept["apple.plum"].title == "李子怎么交税"
    reports, _ = imported(sheet(tmp_path / "fruit.xlsx", [row(答复="梨子不缴税。"), plum]), folders)
    assert [one.fate for one in reports] == ["未变", "未变"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_what_excel_saves_as_csv(tmp_path: Path, folders: tuple[Path, Path], encoding: str) -> None:
    cells = [str(value or "") if not isinstance(value, datetime) else "2026年1月1日" for value in RIGHT]
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    (tmp_path / "fruit.csv").write_bytes((",".join(HEAD) + "\r\n" + quoted + "\r\n").encode(encoding))
    assert [one.fate for one in imported(tmp_path / "fruit.csv", folders)[0]] == ["新增"]


MARKDOWN = f"""# 梨子怎么交税
## 编号
apple.pear
## 主题
apple
## 问法
{QUESTIONS}
## 答复
按{{{{ apple.rate | percent }}}}缴。
## 说明
先看品种：

- 大梨
- 小梨

### 例外
山梨不算。
## 依据
- apple-law 第二条
## 生效
2026-01-01
## 可信度
V
"""


def test_markdown_by_headings(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more/fruit.md").write_text(MARKDOWN + MARKDOWN.replace("pear", "plum").replace("梨", "李"), "utf-8")
    reports, files = imported(tmp_path / "more", folders)
    assert [(one.where, one.fate) for one in reports] == [("fruit.md 第1行", "新增"), ("fruit.md 第29行", "新增")]
    entries.write(files, lambda: read_content(*folders))
    pear = next(found.entry for found in read_content(*folders).entries if found.entry.id == "apple.pear")
    assert pear.detail == "先看品种：\n\n- 大梨\n- 小梨\n\n### 例外\n山梨不算。"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"not a workbook", "不是可读的 Excel"),
        ("a.csv", b"\xff\xff\xff", "编码"),
        ("a.csv", "编号,标题,问法,答复,颜色\n".encode(), "“颜色”不认识"),
        ("a.csv", "编号,编号\n".encode(), "出现了两次"),
        ("a.csv", "编号,标题\n".encode(), "表头缺少"),
        ("a.md", "没有标题的文字\n".encode(), "第一个标题之前"),
        ("a.md", "# 梨\n## 颜色\n黄\n".encode(), "小节“颜色”不认识"),
        ("a.doc", b"", "不支持的文件类型"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FieldError, match=said):
        entries.rows_of(tmp_path / name)


def test_nothing_is_left_behind_when_the_whole_does_not_hold(folders: tuple[Path, Path]) -> None:
    bad = folders[0] / "apple/imported_fruit.yaml"
    with pytest.raises(ContentError):
        entries.write({bad: yaml.safe_dump({"topic": "pear", "entries": []})}, lambda: read_content(*folders))
    assert not bad.exists()
    read_content(*folders)


LAW = """中华人民共和国苹果税法
第一章 总则
第一条  为了苹果，制定本法。
第二条 卖苹果的，
应当缴税。
第二条之一 梨比照苹果。
第二章　附则
第四条 本法自2026年1月1日起施行。
第四条 再说一遍。
"""


def test_a_law_falls_into_its_articles(tmp_path: Path) -> None:
    (tmp_path / "law.txt").write_bytes(LAW.encode("gb18030"))
    read = statutes.read_articles(tmp_path / "law.txt", "apple-law")
    assert [(article_name(one.number, one.after), one.chapter, one.text) for one in read.articles] == [
        ("第一条", "第一章 总则", "为了苹果，制定本法。"), ("第二条", "第一章 总则", "卖苹果的，\n应当缴税。"),
        ("第二条之一", "第一章 总则", "梨比照苹果。"), ("第四条", "第二章 附则", "本法自2026年1月1日起施行。"),
    ]  # fmt: skip
    assert read.problems == [
        "第8行：第二条之一之后直接到了第四条", "第9行：第四条的次序不对，前面是第四条", "第四条出现了两次，保留前一次",
    ]  # fmt: skip
    (tmp_path / "letter.txt").write_text("您好，\n请看第十条。", "utf-8")
    with pytest.raises(statutes.StatuteError):
        statutes.read_articles(tmp_path / "letter.txt", "apple-law")


def test_whoever_asks_for_an_article_reads_it(folders: tuple[Path, Path]) -> None:
    files = read_content(*folders)
    whole = library_of(files)
    article = StatuteArticle(document="apple-law", number=10, after=1, chapter="第二章 税额", text="按个数计税。")
    library = Library(entries=whole.entries, documents=whole.documents, articles=[article])
    embedder = shelf.WordEmbedder()
    indexed = index_texts(library, files.parameters, "words")
    vectors = embedder.encode(indexed.texts)
    answerer = Answerer(Snapshot(indexed, files.parameters, vectors), plain_calibration())
    for question in ("苹果税法第十条之一怎么规定的", "《苹果税法》10条之一"):
        request = AskRequest(question=question)
        asked = understand(request, date(2026, 11, 22))
        answer = answerer.answer(request, asked, embedder.encode([asked.text])[0])
        assert (answer.status, answer.citations[0].article) == ("answered", "第十条之一")
        assert answer.answer == "《苹果税法》第十条之一（第二章 税额）：\n按个数计税。"
    assert Statutes(library).named("苹果税法第十一条") == []
    assert Statutes(library).named("苹果税法实施条例第十条之一") == []
    assert Statutes(library).named("梨子税法第十条之一") == []


def test_each_article_belongs_to_the_statute_before_it(folders: tuple[Path, Path]) -> None:
    whole = library_of(read_content(*folders))
    articles = [
        StatuteArticle(document=document, number=number, after=0, chapter="", text=f"{document} {number}")
        for document in ("apple-law", "apple-rules-2020") for number in (1, 2)
    ]  # fmt: skip
    named = Statutes(Library(entries=whole.entries, documents=whole.documents, articles=articles)).named
    both = named("苹果税法第一条和《苹果税暂行规定》的第2条、第一条有什么不同")
    assert [row.text for row in both] == ["apple-law 1", "apple-rules-2020 2", "apple-rules-2020 1"]


def test_a_row_that_moves_to_another_topic_leaves_the_old_one(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    entries.write(imported(sheet(tmp_path / "fruit.xlsx", [RIGHT]), folders)[1], lambda: read_content(*folders))
    reports, files = imported(sheet(tmp_path / "fruit.xlsx", [row(主题="pear")]), folders)
    assert [one.fate for one in reports] == ["更新"]
    entries.write(files, lambda: read_content(*folders))
    assert [found.topic for found in read_content(*folders).entries if found.entry.id == "apple.pear"] == ["pear"]


def test_questions_that_others_wrote_stay_out_of_the_imported_file(tmp_path: Path, folders: tuple[Path, Path]) -> None:
    path = sheet(tmp_path / "fruit.xlsx", [RIGHT])
    entries.write(imported(path, folders)[1], lambda: read_content(*folders))
    (folders[0] / "asked").mkdir()
    (folders[0] / "asked/apple.yaml").write_text('asked: {apple.pear: ["梨好多钱才交税"]}', "utf-8")
    reports, files = imported(path, folders)
    assert [one.fate for one in reports] == ["未变"]
    assert not any("梨好多钱" in text for text in files.values())


@pytest.fixture
def loaded(empty_database: str, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with the test library, as an installation has it."""
    files = read_content(*folders)
    commands._load(files)
    monkeypatch.setattr("knowledge_base.register.register", lambda: files.documents)
    return empty_database


def test_the_command_reports_every_article_and_runs_twice(loaded: str, tmp_path: Path) -> None:
    path = tmp_path / "law.txt"
    path.write_text(LAW.replace("第四条 再说一遍。\n", "").replace("第四条", "第三条"), "utf-8")
    run = CliRunner().invoke
    tried = run(commands.app, ["import", str(path), "--document", "apple-law", "--dry-run"])
    assert (tried.exit_code, "第一条：新增" in tried.output) == (0, True), tried.output
    for fate in ("新增", "未变"):
        done = run(commands.app, ["import", str(path), "--document", "apple-law"])
        assert done.exit_code == 0, done.output
        assert f"《苹果税法》共 4 条：{fate} 4" in done.output
    path.write_text("第一条 为了苹果。\n第二条\n", "utf-8")
    halfway = run(commands.app, ["import", str(path), "--document", "apple-law"])
    assert halfway.exit_code == 1
    assert "第二条没有内容" in halfway.output
    assert "第二条：保留" in halfway.output
    path.write_text("第一条 新的内容。\n", "utf-8")
    changed = run(commands.app, ["import", str(path), "--document", "apple-law"])
    assert "第一条：更新" in changed.output
    assert "第二条之一：删除" in changed.output
    assert run(commands.app, ["import", str(path), "--document", "pear-law"]).exit_code == 1


async def test_a_new_load_of_the_content_keeps_the_articles(empty_database: str, folders: tuple[Path, Path]) -> None:
    files = read_content(*folders)
    async with db.transaction() as session:
        await content.load_content(session, files)
        await repository.save_articles(
            session, "apple-law", [StatuteArticle(document="apple-law", number=1, after=0, chapter="", text="一。")]
        )
    async with db.transaction() as session:
        await content.load_content(session, files)
        assert [row.text for row in (await repository.library(session)).articles] == ["一。"]


def test_a_sheet_is_imported_by_command(
    tmp_path: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_read", lambda _: read_content(*folders))
    judge = entries.import_entries
    monkeypatch.setattr(entries, "import_entries", lambda *given: judge(*given, folders[0]))
    monkeypatch.setattr(content, "read_content", lambda **_: read_content(*folders))
    path = sheet(tmp_path / "fruit.xlsx", [RIGHT, row(编号="apple.fig", 生效="去年")])
    result = CliRunner().invoke(commands.app, ["import", str(path)])
    assert result.exit_code == 1
    assert "第2行 apple.pear：新增" in result.output
    assert "第3行 apple.fig：错误" in result.output
    assert "共 2 行：新增 1，更新 0，未变 0，错误 1。" in result.output
    assert (folders[0] / "apple/imported_fruit.yaml").exists()
