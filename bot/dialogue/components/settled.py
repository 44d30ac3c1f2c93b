"""Which messages need no classifier: control words said alone, and messages that only give values."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from bot.dialogue.components.control_words import CONTROL_WORDS, FILLERS
from hub.kit.taxtext import normalise

PROVIDE = "provide"
A_STORY = 50  # characters
_PUNCTUATION = r"\s,.;:!?，。；：！？、~～…()（）\"'“”‘’【】\[\]=/\\\-"
_ENDS = re.compile(rf"^[{_PUNCTUATION}]+|[{_PUNCTUATION}吧啊呀哦呢哈啦]+$")
_NOTHING_ELSE = re.compile(rf"(?:{'|'.join(sorted(FILLERS, key=len, reverse=True))}|[{_PUNCTUATION}¥￥])*")
_BARE_NUMBER = re.compile(r"[¥￥]?-?(?:[\d,]{4,}|\d+\.\d+)")  # fewer digits may be "88" or a choice
_INTENT_OF = {word: intent for intent, words in CONTROL_WORDS.items() for word in words}


def settled_intent(text: str, entities: List[Dict[str, Any]]) -> Optional[str]:
    """The intent that is beyond doubt, or None where the classifier has to decide."""
    said = normalise(text).lower()
    word = said if said in _INTENT_OF else _ENDS.sub("", said)
    if word in _INTENT_OF:
        return _INTENT_OF[word]
    if _BARE_NUMBER.fullmatch(said):
        return PROVIDE
    if entities and _NOTHING_ELSE.fullmatch(_without(text, entities)):
        return PROVIDE
    return None


def tells_a_story(text: str, entities: List[Dict[str, Any]]) -> bool:
    """Whether so much is said besides values that it is neither a command nor an answer to a question of ours."""
    return len(_ENDS.sub("", _without(text, entities))) >= A_STORY


def goes_on_asking(text: str) -> bool:
    """Whether it ends as a question does that leans on the one before (那二套呢)."""
    return normalise(text).rstrip("?？!！。~ ").endswith("呢")


def _without(text: str, entities: List[Dict[str, Any]]) -> str:
    rest, place = [], 0
    for entity in sorted(entities, key=lambda item: int(item["start"])):
        rest.append(text[place : entity["start"]])
        place = max(place, int(entity["end"]))
    return normalise("".join([*rest, text[place:]]))
