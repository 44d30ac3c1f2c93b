"""Taking something back: by name, by kind of value, with or without saying what is right."""

from __future__ import annotations

import pytest

from tests.actions.wire import Chat

D, OTHER = "26322000000000001130", "26312000000000002260"
CHANGED_DAY = {"issued_on": "2026-09-05"}
BOTH = {"invoice_number": D, "issued_on": "2026-09-03"}
PAPER = {"invoice_number": "48213377", "invoice_code": "031002300211", "issued_on": "2023-11-03"}

# known, asked for, text, intent, what changes (None: cleared), what is said
CORRECTIONS = [
    (BOTH, "total_with_tax", "不对，日期是9月5号", "correct", CHANGED_DAY, "已把开票日期改为2026年9月5日。"),
    (BOTH, "total_with_tax", "日期改成9月5号", "provide", CHANGED_DAY, "已把开票日期改为2026年9月5日。"),
    (BOTH, "total_with_tax", "刚才说错了，是9月5号开的", "correct", CHANGED_DAY, "已把开票日期改为"),
    (BOTH, "total_with_tax", "不是9月3号，是9月5号", "deny", CHANGED_DAY, "已把开票日期改为"),
    (BOTH, "total_with_tax", "把9月3号改成9月5号", "correct", CHANGED_DAY, "已把开票日期改为"),
    (BOTH, "total_with_tax", "9月5号", "provide", CHANGED_DAY, "已把开票日期改为"),
    (BOTH, "total_with_tax", f"不对，号码是{OTHER}", "correct", {"invoice_number": OTHER}, f"改为{OTHER}。"),
    (BOTH, "total_with_tax", f"号码错了，应该是{OTHER}", "correct", {"invoice_number": OTHER}, "已把发票号码改为"),
    (BOTH, "total_with_tax", OTHER, "provide", {"invoice_number": OTHER}, "已把发票号码改为"),
    (BOTH, "total_with_tax", "日期说错了", "correct", {"issued_on": None}, "好的，重新填写开票日期。"),
    (BOTH, "total_with_tax", "改一下日期", "correct", {"issued_on": None}, "好的，重新填写开票日期。"),
    (BOTH, "total_with_tax", "开票时间填错了怎么改", "ask_question", {"issued_on": None}, "好的，重新填写开票日期。"),
    (BOTH, "total_with_tax", "票号输错了", "provide", {"invoice_number": None}, "好的，重新填写发票号码。"),
    (BOTH, "total_with_tax", "不是9月3号", "deny", {"issued_on": None}, "好的，重新填写开票日期。"),
    (BOTH, "total_with_tax", "说错了", "correct", {}, "要改哪一项"),
    (BOTH, "total_with_tax", "我要修改", "correct", {}, "开票日期：2026年9月3日"),
    ({"invoice_number": D}, "issued_on", "填错了", "correct", {"invoice_number": None}, "好的，重新填写发票号码。"),
    (BOTH, "total_with_tax", "日期应该是明天", "correct", {"issued_on": None}, "晚于今天"),
    ({"issued_on": "2026-09-03", "total_with_tax": "1130.00"}, "invoice_number", "金额改成2260", "correct",
     {"total_with_tax": "2260.00"}, "已把价税合计改为2,260.00元。"),
    ({"issued_on": "2026-09-03", "total_with_tax": "1130.00"}, "invoice_number", "价税合计不是1130元，是2260元",
     "correct", {"total_with_tax": "2260.00"}, "已把价税合计改为2,260.00元。"),
    (PAPER, "check_code", f"不对，号码是{D}", "correct",
     {"invoice_number": D, "invoice_code": None}, f"已把发票号码改为{D}。"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "asked", "text", "intent", "changes", "words"), CORRECTIONS, ids=[row[2] for row in CORRECTIONS]
)
async def test_correction(
    inspection: Chat,
    known: dict[str, str],
    asked: str,
    text: str,
    intent: str,
    changes: dict[str, str | None],
    words: str,
) -> None:
    inspection.open_form(known, asked)
    inspection.hear(text, intent)
    replies = await inspection.form_until_submission()
    after: dict[str, str | None] = {**known, **changes}
    assert inspection.values == {name: value for name, value in after.items() if value is not None}
    assert words in replies[0].text
    cleared = [name for name, value in changes.items() if value is None]
    assert inspection.awaits == (cleared[0] if cleared and set(changes) == set(cleared) else inspection.awaits)
    assert inspection.awaits is not None


async def test_a_pressed_correct_button_lists_what_is_filled_in(inspection: Chat) -> None:
    inspection.open_form(BOTH, "total_with_tax")
    inspection.hear("/correct", "correct", 1.0)
    replies = await inspection.form_until_submission()
    assert f"发票号码：{D}" in replies[0].text
    assert inspection.values == BOTH


QUESTIONS_ABOUT_MISTAKES = ["发票开错了怎么作废", "专票开错了能重开吗", "开票日期可以改吗"]


@pytest.mark.parametrize("text", QUESTIONS_ABOUT_MISTAKES)
async def test_a_question_about_wrong_invoices_is_no_correction(inspection: Chat, text: str) -> None:
    inspection.open_form(BOTH, "total_with_tax")
    assert await inspection.is_aside(text, "ask_question")
    assert inspection.values == BOTH
