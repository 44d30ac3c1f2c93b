"""The path of a message: stored first, answered once, in order, whatever dies in between.

`handle_inbound` opens its two short transactions itself, because no transaction may be open while Rasa is called
(docs/decisions/0003): one stores what was said, one stores the reply and closes the message.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversation import files, handoff, repository
from bot.conversation.attachments import HANDED, Meant, ReadsAttachments, handing
from bot.conversation.locks import ConversationBusy, ConversationLocks, Lines
from bot.conversation.models import Author, Conversation, Message, State
from bot.conversation.schemas import MessageRead, Messages
from bot.dialogue.client import DialogueClient, DialogueUnavailable
from bot.dialogue.fallback import answer_openly, fall_back
from bot.dialogue.mapper import command_for_payload, text_for_payload, text_for_rasa
from bot.dialogue.replies import Reply
from hub.kit import clock, trace
from hub.kit.broadcast import Broadcast
from hub.kit.crypto import fingerprint
from hub.kit.db import reading, transaction
from hub.kit.errors import Unauthorized
from hub.kit.logging import get_logger
from hub.settings import Settings

log = get_logger(__name__)

NO_TEXT = "没有收到文字内容，请直接输入您的问题，例如：小规模纳税人月销售额多少免征增值税。"
BACK_WITH_BOT = "已取消排队，我继续为您服务。请问还有什么可以帮您？"
PAGE = 100
STALE_AFTER = timedelta(seconds=5)
LONGEST_TURN = 30.0
CONFIRMATION = "confirmation"
"""Mark of an inbound message with what its door says to it, whoever owns the conversation: neither bot nor human."""
WEB = "web"
"""The channel of whoever holds the token of a conversation: the widget, the API."""


class ConversationService:
    """Everything that happens in conversations; one per process, opened by the hub."""

    def __init__(
        self, settings: Settings, dialogue: DialogueClient | None = None, reads: ReadsAttachments | None = None
    ) -> None:
        self.dialogue = dialogue or DialogueClient(settings)
        self._reads = reads
        self.locks = ConversationLocks(settings.dsn)
        self.news = Broadcast(repository.CHANNEL)
        self._dsn = settings.dsn
        self._arrivals = Lines()
        self._fresh: set[UUID] = set()
        self._turns: set[asyncio.Task[dict[UUID, Messages]]] = set()

    async def open(self) -> None:
        """Begin to listen for news of other processes."""
        self.news.start(self._dsn)

    async def close(self) -> None:
        """Let running turns end, then hang up."""
        if self._turns:
            await asyncio.wait(self._turns, timeout=LONGEST_TURN)
        await self.news.stop()
        await self.locks.close()
        await self.dialogue.close()

    async def create(self, channel: str, locale: str, *, consent: bool) -> tuple[UUID, str]:
        """Begin a conversation; its id and the bearer token that opens it."""
        token = secrets.token_urlsafe(32)
        async with transaction() as session:
            conversation = Conversation(
                channel=channel,
                locale=locale,
                token_hash=fingerprint(token),
                consented_at=clock.now() if consent else None,
            )
            session.add(conversation)
            await session.flush()
            return conversation.id, token

    async def authorise(self, conversation_id: UUID, token: str) -> None:
        """Let the holder of the conversation's token pass.

        Raises `ConversationNotFound`, `Unauthorized`.
        """
        async with reading() as session:
            _opened(await repository.get(session, conversation_id), token)

    async def say(
        self, conversation_id: UUID, text: str, external_id: str, payload: str | None = None, token: str | None = None,
        address: str = "", attachments: Sequence[UUID] = (),
    ) -> Messages:  # fmt: skip
        """A person says something; what we say to it. Repeating the same `external_id` returns the first answer.

        A door has checked the sender itself; where a `token` is given it must open the conversation.
        `attachments` are files that were uploaded into the conversation.
        Raises `ConversationNotFound`, `Unauthorized`, `ConversationBusy`, `files.FilesNotThere`.
        """
        async with self._arrivals.wait(conversation_id, LONGEST_TURN):
            carried: dict[str, Any] = {
                name: value for name, value in (("payload", payload), ("address", address)) if value
            }
            async with transaction() as session:
                if attachments:
                    _opened(await repository.get(session, conversation_id), token)
                    kept = await files.claim(session, conversation_id, attachments)
                    carried |= {"attachments": kept} | (
                        {} if text.strip() or payload else {"notice": files.notice(kept)}
                    )
                    text = text if text.strip() else files.label(kept)
                message_id = await self.take(session, conversation_id, text, external_id, carried, token=token)
        return await self.answer(conversation_id, message_id)

    async def take(
        self,
        session: AsyncSession,
        conversation_id: UUID,
        text: str,
        external_id: str,
        carried: Mapping[str, Any],
        *,
        token: str | None = None,
        door_id: UUID | None = None,
    ) -> UUID:
        """Transaction 1: what was said is ours once the caller commits; the message's id, or the first one's.

        `carried`: "payload" of a pressed button, the "address" it came from, the channel it came "by",
        "attachments", a "notice" to say to a
        message without words, a "confirmation" that its door owes whoever owns the chat, "open" where others read
        along, and "hold_until", before which the answer is not pushed because the door may still give it. `door_id`:
        the channel identity that spoke. Raises `ConversationNotFound`, `Unauthorized`.
        """
        found = await repository.reserve(session, conversation_id, 1, door_id=door_id)
        conversation = _opened(found, token)
        added = await repository.add_inbound(
            session, conversation, external_id=external_id, content=text, payload=dict(carried)
        )
        if added is None:
            known = await repository.message_by_external_id(session, conversation_id, external_id)
            assert known is not None
            return known.id
        self._fresh.add(added)
        return added

    def start(self, conversation_id: UUID) -> asyncio.Task[dict[UUID, Messages]]:
        """Deal with what is unanswered in a conversation, whether or not anybody waits for it."""
        turn = asyncio.create_task(self.drain(conversation_id))
        self._turns.add(turn)
        turn.add_done_callback(self._ended)
        return turn

    def _ended(self, turn: asyncio.Task[dict[UUID, Messages]]) -> None:
        self._turns.discard(turn)
        if not turn.cancelled() and (error := turn.exception()) is not None:
            # whoever waits for it hears of it, too; the sweep takes the messages up again
            log.warning("turn_failed", error=type(error).__name__)

    async def answer(self, conversation_id: UUID, message_id: UUID) -> Messages:
        """What is said to a message that was taken, as soon as it is said.

        Raises `ConversationNotFound`, `ConversationBusy`.
        """
        # a caller that hangs up must not stop the turn
        answers = await asyncio.shield(self.start(conversation_id))
        return answers.get(message_id) or await self._answer_to(conversation_id, message_id)

    async def drain(self, conversation_id: UUID) -> dict[UUID, Messages]:
        """Deal with everything unanswered in a conversation, in order, one turn at a time; what was said to what.

        Raises `ConversationBusy`.
        """
        answers: dict[UUID, Messages] = {}
        async with self.locks.hold(conversation_id, LONGEST_TURN):
            async with reading() as session:
                conversation, waiting = await repository.unprocessed(session, conversation_id)
            # what is stored from here on brings a drain of its own, which waits for our lock
            for index, message in enumerate(waiting):
                if index:
                    async with reading() as session:
                        conversation = await repository.get(session, conversation_id)
                if conversation is None:
                    break
                if answer := await self._turn(conversation, message):
                    answers[message.id] = answer
        return answers

    async def _turn(self, conversation: Conversation, message: Message) -> Messages | None:
        """One message; what the bot said to it, or None where it was silent or somebody else was first."""
        fresh = message.id in self._fresh
        self._fresh.discard(message.id)
        trace.current.set(message.trace_id or trace.new_trace_id())
        replies = await self._replies(conversation, message, fresh=fresh)
        # transaction 2: the reply and the end of the message, once
        async with transaction() as session:
            owner = await self._bots_turn(session, conversation.id, replies, message)
            if not await repository.mark_processed(session, conversation.id, message.id):
                await session.rollback()
                return None
            if owner is None:
                return None
            said = [_outbound(reply, message.id) for reply in replies]
            await repository.store_outbound(session, owner, said, _held_until(message))
            return await _as_messages(session, owner, said)

    async def _bots_turn(
        self, session: AsyncSession, conversation_id: UUID, replies: Sequence[Reply], message: Message
    ) -> Conversation | None:
        """The conversation with room for the replies; None when there are none, or a human owns the chat by now."""
        if not replies:
            return None
        if message.payload.get(CONFIRMATION):
            return await repository.reserve(session, conversation_id, len(replies))
        ours = Conversation.state != State.WITH_AGENT
        skill = replies[-1].skill
        return await repository.reserve(session, conversation_id, len(replies), ours, active_skill=skill)

    async def _replies(self, conversation: Conversation, message: Message, *, fresh: bool) -> list[Reply]:
        if confirmation := message.payload.get(CONFIRMATION):
            return [Reply(str(confirmation), skill=conversation.active_skill)]
        if conversation.state == State.RESOLVED:
            await self._reopen(conversation)
        payload = await self._issued(conversation.id, message.payload.get("payload"))
        if conversation.state == State.WAITING_FOR_AGENT and payload == handoff.LEAVE_QUEUE["payload"]:
            async with transaction() as session:
                await handoff.release(session, conversation.id, State.WITH_BOT)
            return [Reply(BACK_WITH_BOT)]
        if conversation.state in (State.WAITING_FOR_AGENT, State.WITH_AGENT):
            return []
        if message.payload.get("open"):
            notice = message.payload.get("notice")
            return [Reply(str(notice)) if notice else await answer_openly(message.text)]
        return await self._bots_replies(conversation, message, payload, fresh=fresh)

    async def _bots_replies(
        self, conversation: Conversation, message: Message, payload: str | None, *, fresh: bool
    ) -> list[Reply]:
        """What the bot says, with all that it has, to somebody whom nobody else reads along with."""
        meant = None if payload else await self._meant(message)
        if meant and meant.skill:
            command: str | None = handing(meant.skill, meant.values or {})
        elif notice := message.payload.get("notice"):
            reply = meant.reply if meant and meant.reply else Reply(str(notice))
            return [replace(reply, skill=conversation.active_skill)]
        else:
            command = _command(payload) if payload else None
        text = command or text_for_rasa(text_for_payload(payload) if payload else message.text)
        if not text:
            return [Reply(NO_TEXT, skill=conversation.active_skill)]
        replies = await self._dialogues(conversation, message, text, "" if command else text, fresh=fresh)
        return _led_by(meant.lead, replies) if meant else replies

    async def _dialogues(
        self, conversation: Conversation, message: Message, text: str, question: str, *, fresh: bool
    ) -> list[Reply]:
        """What Rasa says to a text; while it is away, what knowledge says to the question in it."""
        try:
            if not fresh:
                said = await self.dialogue.replies_already_given(conversation.id, message.id)
                if said is not None:
                    # Rasa took it while its hands were dead: it must not take it twice, so knowledge answers
                    return said or await fall_back(question, conversation.active_skill)
            address = str(message.payload.get("address") or "")
            return await self.dialogue.turn(conversation.id, text, message.id, _way(conversation, message), address)
        except DialogueUnavailable:
            return await fall_back(question, conversation.active_skill)

    async def _meant(self, message: Message) -> Meant | None:
        """What the files of a message mean, where anybody here can read them."""
        kept = message.payload.get("attachments")
        return await self._reads(kept) if kept and self._reads else None

    async def _reopen(self, conversation: Conversation) -> None:
        """A new message after the end begins a new talk with the bot."""
        async with transaction() as session:
            fresh_start = await handoff.locked(session, conversation.id)
            if fresh_start.state == State.RESOLVED:
                fresh_start.state = State.WITH_BOT
        conversation.state = State.WITH_BOT

    async def _issued(self, conversation_id: UUID, payload: str | None) -> str | None:
        """The payload, if a button of ours in this conversation carries it: nobody can make up a command."""
        if not payload:
            return None
        async with transaction() as session:
            said = await repository.recent_outbound(session, conversation_id)
        issued = {button["payload"] for message in said for button in message.payload.get("buttons", ())}
        return payload if payload in issued | STANDING_BUTTONS else None

    async def _answer_to(self, conversation_id: UUID, message_id: UUID) -> Messages:
        async with transaction() as session:
            conversation = await repository.get(session, conversation_id)
            if conversation is None:
                raise handoff.ConversationNotFound
            return await _as_messages(session, conversation, await repository.replies_to(session, message_id))

    async def history(self, conversation_id: UUID, after: UUID | None = None, limit: int = PAGE) -> Messages:
        """What was said after a message, oldest first.

        Raises `ConversationNotFound`.
        """
        async with transaction() as session:
            conversation = await repository.get(session, conversation_id)
            if conversation is None:
                raise handoff.ConversationNotFound
            found = await repository.page(session, conversation_id, after, limit)
            shown, more = found[:limit], len(found) > limit
            return Messages(
                messages=[read(message) for message in shown],
                state=State(conversation.state),
                queue=await handoff.queue_of(session, conversation),
                next=shown[-1].id if more else None,
            )

    async def sweep(self, older_than: timedelta = STALE_AFTER) -> int:
        """Answer what a process left unanswered when it died; how many conversations were looked after."""
        async with transaction() as session:
            stale = await repository.stale_conversations(session, clock.now() - older_than)
        for conversation_id in stale:
            with contextlib.suppress(ConversationBusy):
                await self.drain(conversation_id)
        return len(stale)


STANDING_BUTTONS = frozenset({"intent:talk_to_human"})
"""Payloads that the widget's own menu may send at any time."""


def _way(conversation: Conversation, message: Message) -> str:
    """The channel by which something was said; a talk that began behind a door may go on by its token."""
    return str(message.payload.get("by") or (WEB if conversation.account else conversation.channel))


def _command(payload: str) -> str | None:
    """Rasa's command for the payload of a button of ours; None when it is plain text."""
    return payload.removeprefix(HANDED) if payload.startswith(HANDED) else command_for_payload(payload)


def _led_by(lead: str, replies: Sequence[Reply]) -> list[Reply]:
    """The replies, the first of which says before all else what was read."""
    first, *others = replies
    return [replace(first, text=f"{lead}\n\n{first.text}") if lead else first, *others]


def _opened(conversation: Conversation | None, token: str | None) -> Conversation:
    """The conversation, for who holds its token, and for doors, which come without one.

    Raises `ConversationNotFound`, `Unauthorized`.
    """
    if conversation is None:
        raise handoff.ConversationNotFound
    if token is not None:
        expected = conversation.token_hash
        if expected is None or not secrets.compare_digest(expected, fingerprint(token)):
            raise Unauthorized
    return conversation


async def _as_messages(session: AsyncSession, conversation: Conversation, said: Sequence[Message]) -> Messages:
    return Messages(
        messages=[read(message) for message in said],
        state=State(conversation.state),
        queue=await handoff.queue_of(session, conversation),
    )


def _held_until(message: Message) -> datetime | None:
    """Until when the answer to a message may go out by the door's own response."""
    moment = message.payload.get("hold_until")
    return datetime.fromisoformat(moment) if moment else None


def _outbound(reply: Reply, reply_to: UUID) -> Message:
    payload = reply.as_payload()
    payload.pop("text")
    return Message(author=Author.BOT, text=reply.text, payload=payload, reply_to=reply_to)


def read(message: Message) -> MessageRead:
    """A message as people see it."""
    payload = message.payload or {}
    return MessageRead(
        id=message.id,
        author=Author(message.author),
        author_name=message.author_name,
        text=message.text,
        buttons=payload.get("buttons") or [],
        citations=payload.get("citations") or [],
        related=payload.get("related") or [],
        attachments=payload.get("attachments") or [],
        created_at=message.created_at,
        client_message_id=message.external_id if message.direction == "in" else None,
        carried=payload.get("carried"),
    )
