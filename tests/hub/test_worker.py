"""The worker knows every job that others put into the queue by name, and every way by which messages go."""

from __future__ import annotations

from sqlalchemy import select

from hub import outbox, worker
from hub.kit.db import transaction
from hub.kit.ids import new_id
from hub.outbox.jobs import DELIVER
from hub.outbox.models import Failure, OutboxMessage, State


def test_jobs_deferred_by_name_are_known() -> None:
    assert DELIVER in worker.jobs.tasks
    assert {"outbox.sweep", "outbox.follow", "reminders.run"} <= set(worker.jobs.tasks)


async def test_its_delivery_serves_the_outbox(empty_database: str) -> None:
    async with transaction() as session:
        message_id = await outbox.add(
            session, channel=outbox.Channel.CONVERSATION, topic="tests", content={"text": "您好"}, urgent=True,
            dedupe_key="tests", conversation_id=new_id(),
        )  # fmt: skip
    await worker.deliver_message(str(message_id))
    async with transaction() as session:
        row = await session.get_one(OutboxMessage, message_id)
    assert (row.state, row.failure, row.reason) == (State.FAILED, Failure.PERMANENT, "conversation_gone")


async def test_its_jobs_find_nothing_to_do_in_an_empty_house(empty_database: str) -> None:
    for job in (worker.sweep_outbox, worker.follow_messages, worker.remind):
        await job(0)
    async with transaction() as session:
        assert (await session.scalars(select(OutboxMessage))).all() == []
