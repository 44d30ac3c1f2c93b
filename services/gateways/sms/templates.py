"""The messages that we send by SMS: carriers send only texts registered with them, with variables in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A registered text; `is_code` marks one-time codes, which carriers limit more tightly than notices.

    `repeatable`: better twice than not at all, when a carrier does not say whether it has it. `asked`: people get it
    because they wrote to us, so it goes even to those who opted out.
    """

    text: str
    is_code: bool = False
    repeatable: bool = False
    asked: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its variables, in the order in which they stand in the text."""
        return tuple(dict.fromkeys(_VARIABLE.findall(self.text)))

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(self.names)

    def filled(self, parameters: Mapping[str, str]) -> str:
        """The text with its variables filled in.

        Raises `LookupError` when one is missing.
        """
        return _VARIABLE.sub(lambda found: parameters[found[1]], self.text)


SIGN_IN_CODE = "sign_in_code"
TAX_REMINDER = "tax_reminder"
TAX_OVERDUE = "tax_overdue"
TAX_REMINDER_AND_OVERDUE = "tax_reminder_and_overdue"
ANSWER = "answer"
"""Answers of a conversation by text message: one variable for all of the text, agreed with the carrier."""
OPTIONAL = frozenset({ANSWER})
"""Templates without which all else works."""

TEMPLATES: Mapping[str, Template] = {
    SIGN_IN_CODE: Template(
        "验证码${code}，${minutes}分钟内有效，用于登录12366智能咨询。工作人员不会向您索要，请勿告诉他人。",
        is_code=True,
        asked=True,
    ),
    TAX_REMINDER: Template("${who}有${count}项申报缴税事项未办理，最早${due}截止，请及时办理。"),
    TAX_OVERDUE: Template("${who}有${count}项申报缴税事项已逾期，最早的已于${due}截止，请尽快办理。"),
    TAX_REMINDER_AND_OVERDUE: Template(
        "${overdue_who}有${overdue_count}项申报缴税事项已逾期，请尽快办理；"
        "另外${who}有${count}项未办理，最早${due}截止，请及时办理。"
    ),
    ANSWER: Template("${text}", repeatable=True, asked=True),
}
