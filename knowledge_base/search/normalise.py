"""One spelling for questions and indexed texts alike: script, width, numerals, document numbers, polite padding."""

from __future__ import annotations

import re
from functools import lru_cache

import cn2an
import opencc

from hub.kit.taxtext import normalise as clean
from knowledge_base.search.document_numbers import rewritten

MAX_LENGTH = 500

_OPENING = re.compile(
    r"^(?:(?:你好|您好|hi|hello|嗨|哈喽|在吗|在么|有人吗|老师|亲|同志|麻烦(?:您|你)?(?:问|帮忙问|咨询|请教|查)?(?:一下|下)?|"
    r"(?:请|想|请教|我想|我要|想要)?(?:请?问|咨询|请教|了解)(?:一下|一句|个问题|下|您|你)?(?:哈|啊|呀|吧)?|简单问一句哈?|"
    r"打扰(?:一下|了)?|求助|求问|急|是这样的)[,。!?、~:;\s]*)+"
)
_CLOSING = re.compile(r"(?:[,。!?、~\s]*(?:谢谢(?:您|你|了|啦)?|多谢|感谢|麻烦(?:您|你)?了|在线等|急))+[,。!?~\s]*$")
_SPOKEN_AMOUNT = re.compile(
    r"([零一二两三四五六七八九十百千]+)(?=[万亿]|块钱?|元|个(?:百分)?点|倍|平米?(?![均台时安衡常]))"
)
_SPOKEN_PERCENT = re.compile(r"百分之([零一二两三四五六七八九十百]+(?:点[零一二三四五六七八九]+)?)")


@lru_cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def simplified(text: str) -> str:
    """Clean text in simplified characters, cut to a searchable length; case and padding are kept."""
    return str(_simplifier().convert(clean(text[: MAX_LENGTH * 2])))[:MAX_LENGTH]


def _arabic(numeral: str) -> str | None:
    try:
        return f"{cn2an.cn2an(numeral, 'smart'):g}"
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def with_arabic_amounts(text: str) -> str:
    """Spoken amounts and percentages in digits: 十万 → 10万, 百分之三 → 3%."""
    text = _SPOKEN_PERCENT.sub(lambda found: f"{_arabic(found[1])}%" if _arabic(found[1]) else found[0], text)
    return _SPOKEN_AMOUNT.sub(lambda found: _arabic(found[1]) or found[0], text)


def without_padding(text: str) -> str:
    """The text without greetings and thanks around it, unless nothing else is left."""
    bare = _CLOSING.sub("", _OPENING.sub("", text)).strip(" ,。!?、~:;")
    return bare or text


def normalise(text: str) -> str:
    """The text as the index sees it."""
    return without_padding(rewritten(with_arabic_amounts(simplified(text)))).lower()
