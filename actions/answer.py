"""Questions in a conversation: the knowledge base answers, also in the middle of a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import HandOff, sounds_desperate
from actions.recalculate import Recalculate
from actions.turns import asked_before, times_unanswered
from bot.dialogue.replies import HUMAN_BUTTON, Reply, reply_from_answer
from knowledge_base.schemas import AskRequest
from knowledge_base.service import knowledge

LONGEST_QUESTION = 1000
NOT_READY = Reply("知识库正在准备中，请稍后再问一次；着急的话可以转人工。", buttons=(HUMAN_BUTTON,))
NO_QUESTION = Reply("请直接输入您的问题，例如：小规模纳税人月销售额多少免征增值税。")
NOTHING_IN_A_FORM = "这个问题我暂时没有找到答案，可以稍后换个说法再问，或者转人工。我们先继续刚才的事项。"
STILL_NOT_HELPED = "看来我还没能帮到您。点“转人工”，由工作人员为您解答。"


class AnswerQuestion(Action):  # type: ignore[misc]
    """Says what the knowledge base says; where it knows nothing a second time running, a human is offered first."""

    def __init__(self, human: HandOff, recalculate: Recalculate) -> None:
        self._human, self._recalculate = human, recalculate

    def name(self) -> str:
        """As Rasa calls it."""
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        """Answer the latest message."""
        if await self._recalculate.meant(tracker):
            return [FollowupAction(self._recalculate.name())]
        dispatcher.utter_message(json_message=(await self.reply(tracker)).as_payload())
        return []

    async def reply(self, tracker: Tracker) -> Reply:
        """What is said to the latest message, taken as a question."""
        question = str(tracker.latest_message.get("text") or "").strip()
        if not question or question.startswith("/"):
            return NO_QUESTION
        if sounds_desperate(question):
            return await self._human.reply(tracker)
        if not knowledge.ready:
            return NOT_READY
        request = AskRequest(question=question[:LONGEST_QUESTION], context=asked_before(tracker))
        reply = reply_from_answer(await knowledge.ask(request))
        status = reply.extra["status"]
        if status == "no_answer" and tracker.active_loop_name:
            return replace(reply, text=NOTHING_IN_A_FORM, buttons=(HUMAN_BUTTON,))
        if status in ("no_answer", "clarify") and times_unanswered(tracker):
            others = tuple(button for button in reply.buttons if button != HUMAN_BUTTON)
            return replace(reply, text=f"{reply.text}\n{STILL_NOT_HELPED}", buttons=(HUMAN_BUTTON, *others))
        return reply
