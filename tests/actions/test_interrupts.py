"""What is no answer: answered aside when it means something else, else told why it is of no use."""

from __future__ import annotations

import pytest

from tests.actions.wire import Chat

D = "26322000000000001130"
BOTH = {"invoice_number": D, "issued_on": "2026-09-03"}

ASIDE = [
    ("数电发票当天能查吗", "ask_question"),
    ("一天最多能查几次", "ask_question"),
    ("查验需要20位号码吗", "ask_question"),
    ("2026年9月开的票现在还能查吗？", "ask_question"),
    ("小规模纳税人一季度30万以内免税吗", "ask_question"),
    ("1130元的餐费专票可以抵扣吗？", "ask_question"),
    ("9月3号之前开的普票怎么查", "nlu_fallback"),
    ("为啥要这个啊", "nlu_fallback"),
    ("你好", "greet"),
    ("谢谢", "thank"),
    ("再见", "goodbye"),
    ("你是机器人吗", "bot_challenge"),
    ("你会干什么", "ask_capabilities"),
    ("再说一遍", "repeat"),
    ("继续", "resume"),
    ("取消", "cancel"),
    ("不查了", "cancel"),
    ("转人工", "talk_to_human"),
    (f"转人工，我这张{D}老是查不到", "talk_to_human"),
    (f"算了不查了，{D}那张不要了", "cancel"),
    ("我要查发票", "invoice_inspection"),
    ("/cancel", "cancel"),
    ("/talk_to_human", "talk_to_human"),
    ("/invoice_inspection", "invoice_inspection"),
]


@pytest.mark.parametrize(("text", "intent"), ASIDE, ids=[row[0] for row in ASIDE])
@pytest.mark.parametrize("asked", ["invoice_number", "total_with_tax"])
async def test_aside(inspection: Chat, asked: str, text: str, intent: str) -> None:
    known = {} if asked == "invoice_number" else BOTH
    inspection.open_form(known, asked)
    assert await inspection.is_aside(text, intent)
    assert inspection.values == known


# known, asked for, text, intent, what is said about it
USELESS = [
    ({}, "invoice_number", "2632200000000000113", "provide", "您输入了19位"),
    ({}, "invoice_number", "2632200000000000113这个查得到吗", "ask_question", "您输入了19位"),
    ({}, "invoice_number", "号码是263220000000000011300", "provide", "您输入了21位"),
    ({}, "invoice_number", "O6322000000000001130", "provide", "含有字母O，可能是数字0"),
    ({}, "invoice_number", "呃呃呃", "nlu_fallback", "没有看到发票号码"),
    ({}, "invoice_number", "没有", "deny", "没有看到发票号码"),
    ({}, "invoice_number", "真的找不到", "ask_question", "没有看到发票号码"),
    ({"invoice_number": D}, "issued_on", "忘了", "provide", "没有看懂开票日期"),
    ({"invoice_number": D}, "issued_on", "2026年2月30日", "provide", "没有看懂开票日期"),
    ({"invoice_number": D}, "issued_on", "明天", "provide", "晚于今天"),
    ({"invoice_number": D}, "issued_on", "日期我忘了", "correct", "没有看懂开票日期"),
    (BOTH, "total_with_tax", "很多", "provide", "没有看懂金额"),
    (BOTH, "total_with_tax", "0元", "provide", "金额不能是0"),
    (BOTH, "total_with_tax", "不含税金额1000", "provide", "您说的是不含税金额，这里需要的是价税合计"),
    ({"invoice_number": "48213377"}, "invoice_code", "12345", "provide", "发票代码应为10位或12位数字，您输入了5位"),
]


@pytest.mark.parametrize(("known", "asked", "text", "intent", "words"), USELESS, ids=[row[2] for row in USELESS])
async def test_a_useless_answer_is_told_why_and_asked_again(
    inspection: Chat, known: dict[str, str], asked: str, text: str, intent: str, words: str
) -> None:
    inspection.open_form(known, asked)
    inspection.hear(text, intent)
    replies = await inspection.form_until_submission()
    assert words in replies[0].text
    assert replies[0].extra["unclear"] == asked
    assert inspection.values.items() >= known.items()
    assert asked not in inspection.values
    assert inspection.awaits == asked


async def test_a_yes_without_a_value_is_asked_again_without_a_word(inspection: Chat) -> None:
    inspection.open_form({}, "invoice_number")
    replies = await inspection.say("好的", "affirm")
    assert [reply.text for reply in replies] == [
        "请告诉我发票号码。数电票是20位数字，在票面右上角；以前的税控发票是8位。"
    ]


async def test_the_second_useless_answer_in_a_row_brings_the_way_out(inspection: Chat) -> None:
    inspection.open_form({}, "invoice_number")
    first = await inspection.say("呃呃呃", "nlu_fallback")
    second = await inspection.say("1234", "provide")
    assert first[0].buttons == ()
    assert [button["payload"] for button in second[0].buttons] == ["intent:talk_to_human", "intent:cancel"]


async def test_a_good_answer_in_between_starts_the_count_anew(inspection: Chat) -> None:
    inspection.open_form({}, "invoice_number")
    await inspection.say("呃呃呃", "nlu_fallback")
    await inspection.say(D, "provide")
    replies = await inspection.say("呃呃呃", "nlu_fallback")
    assert "没有看懂开票日期" in replies[0].text
    assert replies[0].buttons == ()


async def test_every_message_of_a_form_says_that_it_goes_on(inspection: Chat) -> None:
    for text, intent in [
        ("我要查发票", "invoice_inspection"),
        ("呃呃呃", "nlu_fallback"),
        (D, "provide"),
        ("不对", "deny"),
    ]:
        replies = await inspection.say(text, intent)
        assert {reply.skill for reply in replies} == {"invoice_inspection"}
