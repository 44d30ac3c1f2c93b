"""Questions: what the knowledge base says is passed on, with a way out where it does not help."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pytest

from knowledge_base.schemas import Answer, AskRequest, Related, Status
from tests.actions.wire import Chat


@dataclass
class Library:
    """Stands for the knowledge base, whose own tests are elsewhere: answers with a given status."""

    status: Status = "answered"
    ready: bool = True
    asked: list[str] = field(default_factory=list)

    async def ask(self, request: AskRequest) -> Answer:
        """Answer as told."""
        self.asked.append(request.question)
        related = [Related(entry_id="a.b", title="怎么查验发票", confidence=0.5)] if self.status == "clarify" else []
        skills = ["invoice_inspection"] if self.status == "answered" else []
        return Answer(
            status=self.status, answer="知识库的回答。", confidence=0.8, valid_on=date(2026, 11, 22), related=related,
            suggested_skills=skills,
        )  # fmt: skip


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """What the action asks."""
    made = Library()
    monkeypatch.setattr("actions.answer.knowledge", made)
    return made


async def ask(chat: Chat, text: str) -> tuple[str, list[str]]:
    """Ask; the words and the payloads of the buttons."""
    chat.hear(text, "ask_question")
    answer = await chat.call("action_answer")
    chat.apply(answer)
    [message] = answer["responses"]
    return message["custom"]["text"], [button["payload"] for button in message["custom"]["buttons"]]


async def test_the_answer_comes_with_the_button_of_the_skill(inspection: Chat, library: Library) -> None:
    assert await ask(inspection, "怎么查发票真假") == ("知识库的回答。", ["skill:invoice_inspection"])
    assert library.asked == ["怎么查发票真假"]


@pytest.mark.parametrize("status", ["refused", "redirect"])
async def test_guards_speak_for_themselves(inspection: Chat, library: Library, status: Status) -> None:
    library.status = status
    assert await ask(inspection, "怎么少交点税") == ("知识库的回答。", [])


async def test_a_second_miss_in_a_row_puts_the_human_first(inspection: Chat, library: Library) -> None:
    library.status = "no_answer"
    first, _ = await ask(inspection, "火星上要交税吗")
    library.status = "clarify"
    second, buttons = await ask(inspection, "那月球呢")
    assert "还没能帮到您" not in first
    assert "还没能帮到您" in second
    assert buttons == ["intent:talk_to_human", "ask:怎么查验发票"]
    library.status = "answered"
    await ask(inspection, "怎么查验发票")
    library.status = "no_answer"
    assert "还没能帮到您" not in (await ask(inspection, "那木星呢"))[0]


async def test_in_a_form_a_miss_is_short_and_leads_back(inspection: Chat, library: Library) -> None:
    library.status = "no_answer"
    inspection.open_form({}, "invoice_number")
    text, buttons = await ask(inspection, "火星上要交税吗")
    assert "继续刚才的事项" in text
    assert buttons == ["intent:talk_to_human"]


async def test_while_knowledge_is_not_ready_a_human_is_offered(inspection: Chat, library: Library) -> None:
    library.ready = False
    _, buttons = await ask(inspection, "怎么查发票真假")
    assert buttons == ["intent:talk_to_human"]
    assert library.asked == []


@pytest.mark.parametrize("text", ["", "  ", "/ask_question"])
async def test_nothing_is_looked_up_for_no_question(inspection: Chat, library: Library, text: str) -> None:
    said, _ = await ask(inspection, text)
    assert "请直接输入" in said
    assert library.asked == []


async def test_a_very_long_question_is_cut(inspection: Chat, library: Library) -> None:
    await ask(inspection, "税" * 20_000)
    assert len(library.asked[0]) == 1000
