"""What a short question that leans on the one before it means: “那一般纳税人呢” after “小规模季度多少免税”."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

LONGEST = 20  # characters; whoever says more says it all
_LEANS = re.compile(r"^(?:那|如果|要是|假如|换成|换做|改成|若|到)|呢[?？。!！~]*$")


def whole(text: str, context: Sequence[str], names_a_matter: Callable[[str], bool]) -> str:
    """The question with those that it leans on in front; the text alone when it can be understood alone."""
    parts = [text.strip()]
    for before in reversed([said.strip() for said in context if said.strip()]):
        if not _leans(parts[0], names_a_matter):
            break
        parts.insert(0, before)
    return "，".join(parts) if len(parts) > 1 else text


def _leans(text: str, names_a_matter: Callable[[str], bool]) -> bool:
    """Whether a question goes on from another; one that names no matter of tax does so even without saying it."""
    return 0 < len(text) <= LONGEST and (bool(_LEANS.search(text)) or not names_a_matter(text))
