"""`hub knowledge …`: load, import, index, search, evaluate, publish."""

from __future__ import annotations

# What a command needs is imported when it runs: the search engine takes seconds to load, and every `hub …` loads this.
import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from knowledge_base.ingest.content import Content, LoadReport
    from knowledge_base.service import KnowledgeService

Result = TypeVar("Result")

app = typer.Typer(help="知识库：导入、索引、检索、评测。", no_args_is_help=True)


def read_files(context: typer.Context) -> Content:
    """The content of this installation, for other groups of commands; exit code 1 when it is wrong."""
    return _read(_skills(context))


def _read(skills: Collection[str] | None) -> Content:
    """The content of this installation, or the list of its problems and exit code 1."""
    from knowledge_base.ingest.content import ContentError, read_content

    try:
        return read_content(known_skills=skills)
    except ContentError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        typer.echo(f"共 {len(error.problems)} 个问题，未做任何改动。", err=True)
        raise typer.Exit(1) from None


def _skills(context: typer.Context) -> Collection[str] | None:
    """The names of all skills, if whoever mounts these commands gives a way to ask for them in `obj["skills"]`."""
    names = context.obj.get("skills") if isinstance(context.obj, dict) else None
    return names() if names else None


async def load_all(content: Content) -> LoadReport:
    """Load content in one transaction."""
    from hub.kit import db
    from knowledge_base.ingest.content import load_content

    async with db.transaction() as session:
        return await load_content(session, content)


@app.command()
def check(context: typer.Context) -> None:
    """检查内容、参数和文件登记，不写数据库。"""
    content = _read(_skills(context))
    counts = f"{len(content.entries)} 条内容，{len(content.parameters)} 个参数，{len(content.documents)} 份文件"
    typer.echo(f"检查通过：{counts}。")


@app.command()
def load(context: typer.Context) -> None:
    """把 knowledge_base/content 导入数据库；没有变化时什么也不做。"""
    _load(_read(_skills(context)))


def _load(content: Content) -> None:
    """Load content, and tell what changed."""
    from hub.kit import db

    async def run() -> LoadReport:
        try:
            return await load_all(content)
        finally:
            await db.dispose()

    done = asyncio.run(run())
    changes = f"新发布 {done.published}，撤下 {done.withdrawn}，文件登记变化 {done.documents_changed}"
    typer.echo(f"共 {done.entries} 条：{changes}。")


async def _with_service(work: Callable[[KnowledgeService], Awaitable[Result]]) -> Result:
    """Do something with a service that serves what is published now."""
    from hub.kit import db
    from knowledge_base.service import KnowledgeService

    service = KnowledgeService()
    try:
        await service.open()
        await service.refresh()
        return await work(service)
    finally:
        await service.stop()
        await db.dispose()


@app.command("import")
def import_file(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help=".xlsx、.csv、.md（或装有 .md 的文件夹）为问答；.txt 为法规全文", exists=True)
    ],
    document: Annotated[str, typer.Option(help="法规在文件登记中的键名，仅用于 .txt")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查并逐行报告，不写入")] = False,
) -> None:
    """导入表格、Markdown 或法规全文，逐行报告；有错误的行不导入，其余照常，退出码为 1。"""
    if path.suffix.lower() == ".txt":
        _import_statute(path, document, dry_run=dry_run)
    else:
        _import_entries(path, _skills(context), dry_run=dry_run)


def _import_entries(path: Path, skills: Collection[str] | None, *, dry_run: bool) -> None:
    from knowledge_base.ingest.content import ContentError, read_content
    from knowledge_base.ingest.imports import entries
    from knowledge_base.ingest.imports.fields import FieldError

    try:
        rows = entries.rows_of(path)
    except FieldError as error:
        typer.echo(f"无法导入 {path.name}：{error}。", err=True)
        raise typer.Exit(1) from None
    reports, files = entries.import_entries(rows, path.stem, _read(skills), skills)
    for report in reports:
        typer.echo(report.line())
    counts = Counter(report.fate for report in reports)
    told = "，".join(f"{fate} {counts[fate]}" for fate in ("新增", "更新", "未变", "错误"))
    typer.echo(f"共 {len(reports)} 行：{told}。" + ("（试运行，没有写入）" if dry_run else ""))
    if not dry_run and (counts["新增"] or counts["更新"]):
        try:
            entries.write(files, lambda: read_content(known_skills=skills))
        except ContentError as error:
            for problem in error.problems:
                typer.echo(problem, err=True)
            typer.echo("合在一起检查没有通过，文件已恢复原样。", err=True)
            raise typer.Exit(1) from None
        for written in files:
            typer.echo(f"已写入 {written}；用 hub knowledge publish 评测并发布。")
    if counts["错误"] or not reports:
        raise typer.Exit(1)


def _import_statute(path: Path, document: str, *, dry_run: bool) -> None:
    from hub.kit import db
    from knowledge_base import repository
    from knowledge_base.ingest.imports import statutes
    from knowledge_base.ingest.imports.fields import FieldError
    from knowledge_base.register import register

    if document not in register():
        known = "、".join(sorted(key for key, row in register().items() if row.authority == "law"))
        typer.echo(f"请用 --document 指明文件登记中的键名，例如：{known}。", err=True)
        raise typer.Exit(1)
    try:
        read = statutes.read_articles(path, document)
    except FieldError as error:
        typer.echo(f"无法导入 {path.name}：{error}。", err=True)
        raise typer.Exit(1) from None

    async def run() -> dict[str, str]:
        try:
            async with db.transaction() as session:
                whole = not read.problems
                return await repository.save_articles(session, document, read.articles, whole=whole, dry_run=dry_run)
        finally:
            await db.dispose()

    fates = asyncio.run(run())
    for name, fate in fates.items():
        typer.echo(f"{name}：{fate}")
    for problem in read.problems:
        typer.echo(problem, err=True)
    counts = Counter(fates.values())
    told = "，".join(f"{fate} {count}" for fate, count in counts.items())
    typer.echo(
        f"《{register()[document].title}》共 {len(read.articles)} 条：{told}。"
        + ("（试运行，没有写入）" if dry_run else "")
    )
    if read.problems:
        raise typer.Exit(1)


@app.command()
def index(
    prune: Annotated[bool, typer.Option("--prune", help="删除其他模型的向量；确认没有旧版本进程后使用")] = False,
) -> None:
    """为已发布的内容计算向量并保存索引快照；只计算缺少的部分。"""

    async def work(service: KnowledgeService) -> int:
        if prune:
            await service.prune()
        assert service.snapshot, "refresh has just built it"
        return len(service.snapshot.texts)

    typer.echo(f"索引已是最新：{asyncio.run(_with_service(work))} 条检索文本。")


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="问题")],
    as_of: Annotated[str, typer.Option(help="适用日期，如 2025-12-31")] = "",
    count: Annotated[int, typer.Option(help="显示条数")] = 8,
) -> None:
    """显示一个问题的检索得分和最终答复，用于排查。"""
    from hub.kit.clock import today
    from knowledge_base.candidates import families, judged, signs
    from knowledge_base.question import understand
    from knowledge_base.schemas import AskRequest
    from knowledge_base.search.calibration import calibration

    request = AskRequest(question=text, as_of=date.fromisoformat(as_of) if as_of else None)

    async def work(service: KnowledgeService) -> None:
        snapshot = service.snapshot
        assert snapshot, "refresh has just built it"
        asked = understand(request, today())
        scored = snapshot.rank(asked.text, await service.vector(asked.text), asked.numbers)
        ranked = families(snapshot, scored, request, asked)
        typer.echo(f"检索文本：{asked.text}    适用日期：{asked.as_of}    识别类型：{sorted(asked.taxpayer_types)}")
        for item in judged(ranked, scored, asked.text, calibration(), count):
            parts = f"dense={scored.dense[item.place]:.4f} lexical={scored.lexical[item.place]:.3f}"
            note = "" if item.current else "[不在有效期] "
            typer.echo(f"{item.confidence:.3f}  {item.score:.4f}  {parts} {note}{item.entry.id}  {item.entry.title}")
        not_ours = calibration().not_ours(signs(snapshot, scored, asked))
        typer.echo(f"不归税务或应拒绝的可能：{not_ours:.3f}")
        answer = await service.ask(request)
        typer.echo(f"\n[{answer.status}] {answer.confidence}\n{answer.answer}")

    asyncio.run(_with_service(work))


@app.command()
def evaluate(
    context: typer.Context,
    chosen: Annotated[str, typer.Option("--set", help="盲测题：first、second、third、fourth 或 all")] = "all",
    failures: Annotated[bool, typer.Option("--failures", help="列出没有答对的问题")] = False,
) -> None:
    """用盲测题评测文件中的内容，输出 JSON（总体、校准曲线、分主题），并与上次发布时比较。"""
    from knowledge_base.evaluation import gate
    from knowledge_base.evaluation.metrics import by_topic, calibration_curve, report

    if chosen not in ("all", *gate.SETS):
        raise typer.BadParameter(f"没有名为“{chosen}”的题集，可用：all、{'、'.join(gate.SETS)}。")
    golden = gate.questions(gate.SETS if chosen == "all" else [chosen])
    outcomes = gate.evaluate(_read(_skills(context)), golden)
    if failures:
        for row in outcomes:
            if not row.right:
                typer.echo(f"{row.golden.id} {row.golden.text} → [{row.answer.status}] {row.answer.entry_id}", err=True)
    figures = {"all": report(outcomes), **by_topic(outcomes)}
    curve = [asdict(row) for row in calibration_curve(outcomes)]
    rows = {name: asdict(row) for name, row in figures.items()}
    typer.echo(json.dumps({**rows, "calibration": curve}, ensure_ascii=False, indent=1))
    for line in gate.lines(gate.judge(gate.run_of(outcomes), gate.accepted()), outcomes):
        typer.echo(line, err=True)


@app.command()
def publish(
    context: typer.Context,
    committed: Annotated[bool, typer.Option("--record", help="只把本次结果记为产品自带的基准，不入库")] = False,
) -> None:
    """先用盲测题评测文件中的内容；不比上次差才入库发布，否则列出变差的问题，退出码为 1。"""
    from knowledge_base.evaluation import gate

    content = _read(_skills(context))
    outcomes = gate.evaluate(content, gate.questions())
    run = gate.run_of(outcomes)
    if committed:
        run.save(gate.COMMITTED)
        typer.echo(f"已记录：{gate.COMMITTED}")
        return
    verdict = gate.judge(run, gate.accepted())
    for line in gate.lines(verdict, outcomes):
        typer.echo(line)
    if verdict.blocked:
        raise typer.Exit(1)
    _load(content)
    run.save(gate.local())


@app.command()
def vectors(context: typer.Context) -> None:
    """预先计算内容文件的全部向量并保存在编码器旁，导入、评测和索引时不必重算。"""
    from knowledge_base.evaluation import tuning

    fresh, count = tuning.keep_vectors(_read(_skills(context)))
    typer.echo(f"共 {count} 条检索文本，新计算 {fresh} 条。")
