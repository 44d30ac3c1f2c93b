"""What one message gives to the form of an invoice inspection, whatever is asked for at the time."""

from __future__ import annotations

import pytest

from tests.actions.wire import Chat

START = "invoice_inspection"
D = "26322000000000001130"
S = {"invoice_number": D}
DAY = {"issued_on": "2026-09-03"}
TOTAL = {"total_with_tax": "1130.00"}
PAIR = {"invoice_number": "48213377", "invoice_code": "031002300211"}

OPENINGS = [
    ("我要查发票", {}, "invoice_number"),
    ("发票查验", {}, "invoice_number"),
    (D, S, "issued_on"),
    (f"查验发票 号码{D}", S, "issued_on"),
    (f"帮我看看{D}这张票是不是真的", S, "issued_on"),
    ("号码是 2632 2000 0000 0000 1130", S, "issued_on"),
    ("查一下２６３２２０００００００００００１１３０", S, "issued_on"),
    (f"查下发票 {D}，9月3号开的", S | DAY, "total_with_tax"),
    (f"{D} 昨天开的，1,130.00元", S | {"issued_on": "2026-11-21"} | TOTAL, None),
    (f"查下发票 {D}，9月3号开的，价税合计1130", S | DAY | TOTAL, None),
    (f"{D}，2026-09-03，1130", S | DAY | TOTAL, None),
    (f"我要查验一张数电票，号码{D}，开票日期2026年9月3日，金额一千一百三十元", S | DAY | TOTAL, None),
    (f"发票号码：{D}\n开票日期：2026.9.3\n价税合计：¥1,130.00", S | DAY | TOTAL, None),
    ("查个票 11月3号开的 价税合计3260.5", {"issued_on": "2026-11-03", "total_with_tax": "3260.50"}, "invoice_number"),
    ("昨天开的发票帮我查一下", {"issued_on": "2026-11-21"}, "invoice_number"),
    ("把这张票验一下呗 代码031002300211 号码48213377", PAIR, "issued_on"),
    ("031002300211 48213377", PAIR, "issued_on"),
    (
        "把这张票验一下呗 代码031002300211 号码48213377 2023年11月3日 校验码后六位 205871",
        PAIR | {"issued_on": "2023-11-03", "check_code": "205871"},
        None,
    ),
    (
        "代码3200221130，号码00012345，2023年3月15日开的专票，不含税金额4000元",
        {
            "invoice_code": "3200221130", "invoice_number": "00012345", "issued_on": "2023-03-15",
            "amount_without_tax": "4000.00", "invoice_kind": "special",
        },
        None,
    ),
    ("发票号码48213377，9月3号的", {"invoice_number": "48213377"} | DAY, "invoice_code"),
    ("二手车发票，代码042002200117，号码00765432", {
        "invoice_kind": "used_car", "invoice_code": "042002200117", "invoice_number": "00765432"}, "issued_on"),
    ("查发票2632200000000000113", {}, "invoice_number"),
    (f"我电话13812345678，查发票{D}", S, "issued_on"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected", "awaits"), OPENINGS, ids=[row[0][:24] for row in OPENINGS])
async def test_everything_in_the_first_message_is_taken(
    inspection: Chat, text: str, expected: dict[str, str], awaits: str | None
) -> None:
    inspection.hear(text, START)
    await inspection.form_until_submission()
    assert inspection.values == expected
    assert inspection.awaits == awaits


# known, asked for, text, intent, known afterwards
ANSWERS = [
    ({}, "invoice_number", D, "provide", S),
    ({}, "invoice_number", f"{D}，谢谢您", "thank", S),
    ({}, "invoice_number", f"麻烦帮我查一下 {D}", START, S),
    ({}, "invoice_number", f"{D}这张票能查到吗？", "ask_question", S),
    ({}, "invoice_number", f"号码是{D}吧", "nlu_fallback", S),
    ({}, "invoice_number", "9月3号开的", "provide", DAY),
    ({}, "invoice_number", "12345678", "provide", {"invoice_number": "12345678"}),
    ({}, "invoice_number", f"{D} 9月3号 1130元", "provide", S | DAY | TOTAL),
    (S, "issued_on", "9月3号", "provide", S | DAY),
    (S, "issued_on", "9.3", "provide", S | DAY),
    (S, "issued_on", "2026/9/3", "nlu_fallback", S | DAY),
    (S, "issued_on", "20260903", "provide", S | DAY),
    (S, "issued_on", "今年九月三日", "provide", S | DAY),
    (S, "issued_on", "就是9月3号那天吧", "ask_question", S | DAY),
    (S, "issued_on", "应该是9月3号", "correct", S | DAY),
    (S, "issued_on", "9月3号，可以吗", "ask_question", S | DAY),
    (S, "issued_on", "日期是9月3号，价税合计1130", "provide", S | DAY | TOTAL),
    (S | DAY, "total_with_tax", "1130", "provide", S | DAY | TOTAL),
    (S | DAY, "total_with_tax", "1130块", "greet", S | DAY | TOTAL),
    (S | DAY, "total_with_tax", "一千一百三十元整", "provide", S | DAY | TOTAL),
    (S | DAY, "total_with_tax", "1.13千", "provide", S | DAY | TOTAL),
    (S | DAY, "total_with_tax", "大概是1,130.00", "provide", S | DAY | TOTAL),
    (PAIR | DAY, "check_code", "205871", "provide", PAIR | DAY | {"check_code": "205871"}),
    (PAIR | DAY, "check_code", "65678901234567205871", "provide", PAIR | DAY | {"check_code": "205871"}),
    (PAIR | DAY, "check_code", "校验码 65678 90123 45672 05871", "provide", PAIR | DAY | {"check_code": "205871"}),
    ({"invoice_number": "48213377"}, "invoice_code", "031002300211", "provide", PAIR),
    ({"invoice_number": "48213377"}, "invoice_code", "代码031002300211，9月3号开的", "provide", PAIR | DAY),
]


@pytest.mark.parametrize(
    ("known", "asked", "text", "intent", "expected"), ANSWERS, ids=[f"{row[1]}-{row[2][:20]}" for row in ANSWERS]
)
async def test_an_answer_is_taken_whatever_the_classifier_says(
    inspection: Chat, known: dict[str, str], asked: str, text: str, intent: str, expected: dict[str, str]
) -> None:
    inspection.open_form(known, asked)
    inspection.hear(text, intent)
    await inspection.form_until_submission()
    assert inspection.values == expected


async def test_a_used_up_message_is_not_read_again_after_a_digression(inspection: Chat) -> None:
    inspection.open_form({}, "invoice_number")
    inspection.hear("9月3号的发票能查吗", "ask_question")
    inspection.add("action", name="action_answer")
    await inspection.form_until_submission()
    assert inspection.values == {}
    assert inspection.awaits == "invoice_number"


async def test_beginning_anew_forgets_what_an_abandoned_form_left(inspection: Chat) -> None:
    inspection.open_form(S | DAY, "total_with_tax")
    inspection.active_loop = None
    await inspection.say("再查一张发票", START)
    assert inspection.values == {}
    assert inspection.awaits == "invoice_number"
