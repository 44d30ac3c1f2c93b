"""How many text messages of the network a text is, and that an answer stays within its limit."""

from __future__ import annotations

import pytest

from channels.rendering import render
from channels.sms.channel import LIMIT, PARTS, SEGMENTS_A_PART, SmsChannel
from channels.splitting import length
from channels.wording import READ_ON
from services.gateways.sms.registration import LONGEST_SIGNATURE
from services.gateways.sms.segments import count

CAN = SmsChannel.capabilities
CHOICES = {"buttons": [{"title": f"第{number}种情形", "payload": f"ask:{number}"} for number in range(1, 10)]}


@pytest.mark.parametrize(
    ("text", "gsm", "segments"),
    [
        ("", True, 1),
        ("a" * 160, True, 1),
        ("a" * 161, True, 2),
        ("a" * 306, True, 2),
        ("a" * 307, True, 3),
        ("€" * 80, True, 1),
        ("€" * 81, True, 2),
        # a pair of escape and letter is not torn: 76 in 153, one septet stays empty
        ("€" * 153, True, 3),
        ("a" * 152 + "€" * 80, True, 3),
        ("税" * 70, False, 1),
        ("税" * 71, False, 2),
        ("税" * 134, False, 2),
        ("税" * 135, False, 3),
        ("a" * 69 + "税", False, 1),
        ("😀" * 35, False, 1),
        ("😀" * 36, False, 2),
        ("税" * 66 + "😀" * 34, False, 3),
    ],
)
def test_segments(text: str, gsm: bool, segments: int) -> None:
    counted = count(text)
    assert (counted.gsm, counted.segments) == (gsm, segments)


def test_a_part_with_the_longest_signature_is_two_segments() -> None:
    signature = "【" + "税" * LONGEST_SIGNATURE + "】"
    for letter in ("税", "😀"):
        text = letter * (LIMIT // length(letter, CAN.unit))
        assert count(signature + text).segments <= SEGMENTS_A_PART


@pytest.mark.parametrize("payload", [{}, CHOICES])
def test_a_long_answer_ends_with_where_to_read_on(payload: dict[str, object]) -> None:
    answer = "".join(f"第{number}条规定，应纳税额为{number}.55元，应当按期缴纳。" for number in range(1, 200))
    parts = [part.text for part in render(answer, payload, CAN)]
    assert len(parts) == PARTS
    assert all(length(text, CAN.unit) <= LIMIT for text in parts)
    told = parts[-2] if payload else parts[-1]
    assert told.endswith(READ_ON)
    assert answer.startswith("".join(parts[: PARTS - 1 - bool(payload)]))
    if payload:
        assert parts[-1].startswith("回复数字选择：")
        assert len(parts[-1].splitlines()) == 1 + CAN.choices


def test_a_short_answer_is_left_as_it_is() -> None:
    assert [part.text for part in render("**3%**。", {}, CAN)] == ["3%。"]
    cited = {"citations": [{"title": f"法{number}", "article": "第一条"} for number in range(3)]}
    [part] = render("3%。", cited, CAN)
    assert "《法0》第一条等3项" in part.text
    assert "法1" not in part.text
