"""Which messages need no classifier: control words said alone, and messages that only give values."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from bot.dialogue.components.control_words import CONTROL_WORDS, FILLERS
from hub.kit.taxtext import normalise

PROVIDE = "provide"
DESPAIR = re.compile(r"不想活|活不下去|想死|自杀|轻生|跳楼(?!价)|同归于尽|没有活路|没活路|走投无路")
"""Who talks like this needs a human, whatever else was said."""
A_STORY = 50  # characters
_PUNCTUATION = r"\s,.;:!?，。；：！？、~～…()（）\"'“”‘’【】\[\]=/\\\-"
_ENDS = re.compile(rf"^[{_PUNCTUATION}]+|[{_PUNCTUATION}吧啊呀哦呢哈啦]+$")
_NOTHING_ELSE = re.compile(rf"(?:{'|'.join(sorted(FILLERS, key=len, reverse=True))}|[{_PUNCTUATION}¥￥])*")
_BARE_NUMBER = re.compile(r"[¥￥]?-?(?:[\d,]{4,}|\d+\.\d+)")  # fewer digits may be "88" or a choice
NOT_ACTS = frozenset(
    {
        "greet", "goodbye", "thank", "bot_challenge", "ask_capabilities", "ask_question", "provide", "affirm", "deny",
        "cancel", "correct", "repeat", "resume", "talk_to_human", "nlu_fallback",
    }
)  # fmt: skip
"""Intents that are not something to be done: those of the shared domain but for the explanation."""
EXPLAIN = "explain_amount"
CALCULATION = "calc_"
ASKED_AS_QUESTIONS = frozenset({"tax_calendar", "my_returns", "payment_status"})
_HOW = re.compile(r"怎么(?!还|没|不|回事|样|是|这|那|又|就)|怎样|如何|咋(?!样|还|没|不|回事|是|这)")
_ASKING = re.compile(
    r"(?<!真的)(?<!假的)吗|么\W*$|什么|啥(?!情况|,|，|。|$)|啥[?？]?$|[去在]哪|哪[里儿些种]|哪个(?:平台|菜单|网站|部门)|几[个次年天]|之几|"
    r"多久|多长时间|多少|能不能|可不可以|要不要|用不用|"
    r"(?!是不是|真不真)([^\W不])不\1|[能可以].*不\W*$|是.+还是|(?:流程|步骤|方法|材料|条件|规定|要求|期限)\W*$"
)
_REQUEST = re.compile(
    r"帮|替(?:我|俺|咱|公司)|给(?:我|俺|咱|老板|公司|他|她|个)|给.{0,2}(?:看|查|验|办|弄|报|交|算|核)|麻烦|"
    r"我要|我得|我想(?!了解|知道|问|咨询|请教)|请(?!问|教)|马上|立刻|现在就|赶紧|快点|代我|算[一]?下|算算"
)
_MARKED = re.compile(r"[?？]\W*$")
_SUM = re.compile(r"多少|几|算")
_SUM_WANTED = re.compile(r"算")
_NUMBER = re.compile(r"\d|[一二三四五六七八九十百两][万千百]")
_INTENT_OF = {word: intent for intent, words in CONTROL_WORDS.items() for word in words}


def settled_intent(text: str, entities: List[Dict[str, Any]]) -> Optional[str]:
    """The intent that is beyond doubt, or None where the classifier has to decide."""
    if DESPAIR.search(text):
        return "talk_to_human"
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


def asks_how(text: str, intent: str) -> bool:
    """Whether it asks how, whether or what, although its words are those of something to be done.

    Answers about one's own matters ("报上了没有") and sums with numbers in them are asked for as questions, too: there
    only "how" counts.
    """
    if intent in NOT_ACTS or intent == EXPLAIN:
        return False
    said = normalise(text)
    if _REQUEST.search(said):
        return False
    worked_out = intent.startswith(CALCULATION)
    if worked_out and _NUMBER.search(said):
        return bool(_MARKED.search(said)) and not _SUM.search(said)
    if _HOW.search(said):
        return True
    if worked_out and _SUM_WANTED.search(said):
        return False
    return intent not in ASKED_AS_QUESTIONS and bool(_ASKING.search(said))


def _without(text: str, entities: List[Dict[str, Any]]) -> str:
    rest, place = [], 0
    for entity in sorted(entities, key=lambda item: int(item["start"])):
        rest.append(text[place : entity["start"]])
        place = max(place, int(entity["end"]))
    return normalise("".join([*rest, text[place:]]))
