"""One spelling for what people type: compatibility forms folded, invisible characters removed, blanks collapsed."""

from __future__ import annotations

import re
import unicodedata

# people deny before they correct ("不是9月3号，是9月5号"): what is denied is not what they mean
_DENIED = re.compile(r"(?:不是|并非|而非)[^,。;!?是]+[,。; ]?(?=\s*(?:而?是|应该?是?|应为|改成|改为))")


def normalise(text: str) -> str:
    """The text in NFKC, without zero-width and control characters, with single blanks and none at the ends."""
    return with_offsets(text)[0]


def with_offsets(text: str) -> tuple[str, list[int]]:
    """The normalised text and, for each of its characters, the place in the original that it came from."""
    characters: list[str] = []
    origin: list[int] = []
    for place, original in enumerate(text):
        for character in unicodedata.normalize("NFKC", original):
            if character.isspace():
                if characters and characters[-1] != " ":
                    characters.append(" ")
                    origin.append(place)
            elif unicodedata.category(character)[0] != "C":
                characters.append(character)
                origin.append(place)
    if characters and characters[-1] == " ":
        characters.pop()
        origin.pop()
    return "".join(characters), origin


def without_denied(text: str) -> str:
    """The normalised text with denied clauses blanked out, at unchanged length."""
    return _DENIED.sub(lambda found: " " * len(found[0]), text)
