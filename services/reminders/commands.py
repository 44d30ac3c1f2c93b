"""`hub reminders …`: see who would be told of what on a day, or have it written now instead of by the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from hub import audit
from hub.accounts import people
from hub.kit import clock
from hub.kit.db import dispose, transaction
from hub.kit.logging import configure_logging
from hub.kit.masking import mask_name, mask_number
from services.gateways.errors import GatewayError
from services.gateways.registry import close_gateways
from services.reminders import planning, repository, wording

T = TypeVar("T")
app = typer.Typer(help="申报缴税提醒", no_args_is_help=True)


@app.callback()
def reminders() -> None:
    """申报缴税提醒。"""
    # what went well is said in one sentence
    configure_logging("WARNING")


@app.command("run")
def run(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="哪一天的提醒，默认今天")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出会提醒谁、提醒什么，不发送")] = False,
) -> None:
    """生成某一天的提醒并交给发件箱（夜间不发）；已经生成过的人不会重复。"""
    wanted = day.date() if day else clock.today()
    if not dry_run and wanted != clock.today():
        typer.echo("只能生成今天的提醒；其他日子请加 --dry-run 查看。", err=True)
        raise typer.Exit(1)
    if dry_run:
        lines = _finished(_preview(wanted))
        typer.echo("\n".join(lines) if lines else f"{wanted.isoformat()} 没有要提醒的人。")
        return
    done = _finished(planning.run(wanted, last=False))
    typer.echo(
        f"{wanted.isoformat()}：共{done.people}人，新生成提醒{done.reminded}人，{done.unanswered}人的资料没有查到。"
    )


def _finished(work: Coroutine[Any, Any, T]) -> T:
    async def whole() -> T:
        try:
            return await work
        finally:
            await close_gateways()
            await dispose()

    return asyncio.run(whole())


async def _preview(day: date) -> list[str]:
    async with transaction() as session:
        everybody = await people.people_with_mandates(session)
        await audit.record(session, "operator", "reminders.preview", "taxpayers", people=len(everybody))
    lines: list[str] = []
    for person_id in everybody:
        lines += await _of_person(person_id, day)
    return lines


async def _of_person(person_id: UUID, day: date) -> list[str]:
    async with transaction() as session:
        person = await repository.person(session, person_id)
    if person is None:
        return []
    shown = f"{mask_name(person.name or '')} {mask_number(person.phone or '')}"
    try:
        planned = await planning.plan(person_id, day)
    except GatewayError as error:
        return [f"{shown}：查不到为谁办税（{error.reason}），下次再查"]
    if planned is None:
        return [f"{shown}：这一天的提醒已经生成"]
    if not planned.things:
        return [] if planned.complete else [f"{shown}：有纳税人的资料没有查到，下次再查"]
    lines = [f"{shown}（{wording.CHOICE_TITLES[planned.choice]}）"]
    for thing, stage in planned.things:
        what = f"{thing.title}{wording.DUTY_TITLES[thing.duty]}"
        whose = mask_name(thing.taxpayer_name)
        lines.append(f"  {wording.STAGE_TITLES[stage]} {whose} {what} {thing.due_on.isoformat()}")
    return lines
