"""`hub models …`: fit the encoder's map and the calibration aside, compare them with those in use, and change over."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from knowledge_base.commands import read_files

if TYPE_CHECKING:
    from knowledge_base.evaluation.gate import Verdict
    from knowledge_base.evaluation.metrics import Outcome

app = typer.Typer(help="检索模型：训练、评测、启用。", no_args_is_help=True)


@app.command()
def train(context: typer.Context) -> None:
    """用现有内容拟合编码器的线性变换和置信度，存为候选（不影响正在使用的），约十分钟。"""
    from knowledge_base.evaluation import gate, tuning

    content = read_files(context)
    typer.echo(f"已用 {tuning.train(content)} 条文本拟合线性变换，正在拟合置信度……")
    fitted, figures = tuning.calibrate(content, gate.questions(["first", "second"]))
    thresholds = {name: value for name, value in asdict(fitted).items() if name.endswith("_at")}
    typer.echo(json.dumps({**thresholds, **figures}, indent=1))
    typer.echo("候选已保存；用 hub models evaluate 与现用的比较，用 hub models promote 启用。")


@app.command()
def evaluate(context: typer.Context) -> None:
    """用盲测题比较候选与现用的模型。"""
    from knowledge_base.evaluation import gate

    after, verdict, lines = _compared(context)
    for line in [*lines, *gate.lines(verdict, after)]:
        typer.echo(line)


@app.command()
def promote(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="即使盲测变差也启用")] = False,
) -> None:
    """启用候选模型：先用盲测题与现用的比较，变差则不启用，退出码为 1。"""
    from knowledge_base.evaluation import gate, tuning

    after, verdict, lines = _compared(context)
    for line in [*lines, *gate.lines(verdict, after)]:
        typer.echo(line)
    if verdict.blocked and not force:
        raise typer.Exit(1)
    tuning.promote()
    typer.echo("已启用。请运行 hub knowledge publish --record 更新基准，再用 hub knowledge index 重建索引。")


def _compared(context: typer.Context) -> tuple[list[Outcome], Verdict, list[str]]:
    """Outcomes with the candidate, the verdict against the models in use, and the figures of both as lines."""
    from knowledge_base.evaluation import gate, tuning
    from knowledge_base.evaluation.metrics import report

    if not tuning.has_candidate():
        typer.echo("还没有候选模型，请先运行 hub models train。", err=True)
        raise typer.Exit(1)
    content, golden = read_files(context), gate.questions()
    before = gate.evaluate(content, golden)
    after = gate.evaluate(content, golden, tuning.CANDIDATE)
    lines = [
        f"{name}：{json.dumps(asdict(report(outcomes)), ensure_ascii=False)}"
        for name, outcomes in (("现用", before), ("候选", after))
    ]
    return after, gate.judge(gate.run_of(after), gate.run_of(before)), lines
