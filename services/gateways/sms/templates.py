"""The messages that we send by SMS: carriers send only texts registered with them, with variables in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A registered text; `is_code` marks one-time codes, which carriers limit more tightly than notices."""

    text: str
    is_code: bool = False

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(_VARIABLE.findall(self.text))

    def filled(self, parameters: Mapping[str, str]) -> str:
        """The text with its variables filled in.

        Raises `LookupError` when one is missing.
        """
        return _VARIABLE.sub(lambda found: parameters[found[1]], self.text)


SIGN_IN_CODE = "sign_in_code"
TAX_REMINDER = "tax_reminder"
TAX_OVERDUE = "tax_overdue"
TAX_REMINDER_AND_OVERDUE = "tax_reminder_and_overdue"

TEMPLATES: Mapping[str, Template] = {
    SIGN_IN_CODE: Template(
        "验证码${code}，${minutes}分钟内有效，用于登录12366智能咨询。工作人员不会向您索要，请勿告诉他人。", is_code=True
    ),
    TAX_REMINDER: Template("${who}有${count}项申报缴税事项未办理，最早${due}截止，请及时办理。"),
    TAX_OVERDUE: Template("${who}有${count}项申报缴税事项已逾期，最早的已于${due}截止，请尽快办理。"),
    TAX_REMINDER_AND_OVERDUE: Template(
        "${overdue_who}有${overdue_count}项申报缴税事项已逾期，请尽快办理；"
        "另外${who}有${count}项未办理，最早${due}截止，请及时办理。"
    ),
}
