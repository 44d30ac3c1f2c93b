"""A name that says that it is one: in the opening sentence, later, and words about a name that are none."""

from __future__ import annotations

import pytest

from tests.actions.said import hear

NUMBER = "330106198407080052"


@pytest.mark.parametrize(
    "text",
    [
        f"实名认证，姓名孙浩，身份证号码{NUMBER}",
        f"实名认证，身份证号{NUMBER}，姓名：孙浩",
        f"我要实名认证，我叫孙浩，身份证{NUMBER}",
        f"实名认证。名字是孙浩；身份证号码是{NUMBER}",
    ],
)
def test_said_at_once(text: str) -> None:
    assert hear("prove_identity", text, "prove_identity").values.get("name") == "孙浩"


@pytest.mark.parametrize(
    "text",
    [
        "实名认证，姓名和身份证号码都准备好了", "实名认证，姓名怎么填", "实名认证，姓名改过了", "实名认证，姓名没有变",
        "实名认证要姓名吗", "实名认证，姓名还是身份证号码",
    ],
)  # fmt: skip
def test_words_about_a_name_are_none(text: str) -> None:
    assert "name" not in hear("prove_identity", text, "prove_identity").values


def test_said_ahead_of_its_question() -> None:
    reading = hear("prove_identity", "姓名是孙浩", known={"way": "full"}, asked="resident_id")
    assert reading.values == {"name": "孙浩"}
