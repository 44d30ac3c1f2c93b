"""The way to a human, asked for in a conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.turns import times_unanswered
from bot.conversation.handoff import LEAVE_QUEUE, ConversationNotFound, hand_off, queue_text
from bot.conversation.models import HandoffReason
from bot.dialogue.components.settled import DESPAIR
from bot.dialogue.replies import Reply
from hub.bureau import bureau
from hub.kit.db import transaction
from hub.skills import Skill

MISSES_THAT_EXPLAIN = 2
_DISTRESS = re.compile(rf"{DESPAIR.pattern}|杀了|砍死|弄死|炸了你|报复|出人命|威胁|恐吓")


def sounds_desperate(text: str) -> bool:
    """Whether a person needs a human more than an answer, whatever was asked."""
    return bool(DESPAIR.search(text))


class HandOff(Action):  # type: ignore[misc]
    """Puts the conversation into the queue and says how long it takes."""

    def __init__(self, skills: tuple[Skill, ...]) -> None:
        self._by_form = {skill.form_name: skill for skill in skills}

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_handoff"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Hand over. What was being filled in is kept, should the person come back to the assistant."""
        dispatcher.utter_message(json_message=(await self.reply(tracker)).as_payload())
        return []

    async def reply(self, tracker: Tracker) -> Reply:
        """Put the conversation into the queue; what is said about it."""
        busy = self._by_form.get(tracker.active_loop_name or "")
        try:
            async with transaction() as session:
                note = f"正在办理：{busy.title}" if busy else None
                queue = await hand_off(session, UUID(tracker.sender_id), _reason(tracker), note)
            return Reply(queue_text(queue), buttons=(LEAVE_QUEUE,), extra={"kept": busy.name} if busy else {})
        except (ConversationNotFound, ValueError):
            # somebody talks to Rasa without the hub: there is no chat that staff could take over
            profile = bureau()
            return Reply(f"请拨打{profile.name}咨询电话{profile.phone}，人工服务时间：{profile.hours_text}。")


def _reason(tracker: Tracker) -> HandoffReason:
    if _DISTRESS.search(str(tracker.latest_message.get("text") or "")):
        return HandoffReason.DISTRESS_OR_THREAT
    if times_unanswered(tracker) >= MISSES_THAT_EXPLAIN:
        return HandoffReason.REPEATED_MISUNDERSTANDING
    return HandoffReason.CUSTOMER_REQUEST
