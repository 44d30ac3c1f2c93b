"""How people word things: questions, corrections, ways out, politeness. What a message says beside its values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.dialogue.components.control_words import FILLERS

SHORT = 4
"""So many characters beside values and field names still belong to an answer ("好像是9月3号")."""
LONG = 15
"""So many may stand around several values at once ("在南京那家店开的，昨天，1130元")."""

_ASKS = re.compile(
    r"[?？]|之几|吗|么(?!些)|呢\W*$|怎么|怎样|如何|什么|多少|哪|几(?:次|天|个|种|项|年|点|位|张|号|岁)|还是|是否|有没有|"
    r"([^\W不])不\1|要不要|可不可以|为啥|咋|多久|啥|(?<=\w)[不没](?=[\s,，。.、]|$)"
)
_ASKS_A_FAVOUR = re.compile(r"(?:能不能|可不可以|可以|能否|能)?(?:请|麻烦)?(?:你|您)?(?:帮我|帮忙|帮俺|帮着)")
_POLITE = (
    "可以吗", "行吗", "好吗", "好不好", "对吗", "对吧", "是吧", "是吗", "麻烦您", "麻烦你", "麻烦", "谢谢您", "谢谢你",
    "谢谢", "谢了", "辛苦了", "查一下", "查下", "看一下", "看看", "你看", "您看", "您好", "你好", "给你", "给您", "请",
    "您", "你", "哈", "呀", "哦", "就", "有", "到", "上",
)  # fmt: skip
_PUNCTUATION = re.compile(r"[\d\s,.;:!?，。；：！？、~～…()（）\"'“”‘’【】\[\]=/\\¥￥-]+")
_CORRECTING = re.compile(
    r"改成|改为|换成|应该是|应为|说错|填错|写错|输错|打错|搞错|弄错|记错|错了|不对|不是|改一?下|修改"
)

MISTAKEN = re.compile(r"(?:说|填|写|输|打|搞|弄|记|发|报|看)(?:错|反|混)")
CHANGED = re.compile(
    r"错了|不对|改成|改为|改一?下|改正|更正|更改|修改|换成|重新?(?:填|输|说)|应该是|应为|才对|不是.+是"
)
CHANGES_TO = re.compile(r"(?:改成|改为|改到|换成|更正为|应该是|应为)\s*[^\s,，。?？]")
LETS_BE = re.compile(r"不(?:用|必|需要|想)?(?:再)?(?:改|变|修改|调整)|保持(?:不变|原样)|照旧")
TAKES_BACK = re.compile(r"不对|不是|错了|选错|搞错|弄错|点错|还是(?=[^\W是])")
AT_A_LOSS = re.compile(r"不知道|不清楚|不晓得|不记得|不确定|找不到|看不清|看不到|没找到|(?<!有)没有|忘|无")
WAY_OUT = {
    "talk_to_human": re.compile(r"人工|坐席|客服|真人|活人|工作人员|有没有人|[找换叫跟和]个?人"),
    "cancel": re.compile(r"取消|不(?:查|办|填|弄|用|要)|算了|退出|停|放弃|结束"),
}
_STOPPING = (
    r"(?:算了|不(?:用|必|需要|要|想?(?:再)?(?:办|弄|搞|填|查|算|缴|交|报|申报|登录|认证|选|继续))(?:理|税)?了|"
    r"(?:下次|以后|改天|回头)再(?:说|办|来|弄)(?:吧)?)"
)
GIVES_UP = re.compile(rf"(?:嗯|哦|好吧|那|我|还是|先|就|都|暂时|现在|\W)*(?:{_STOPPING}(?:吧|啊|哈|谢谢[你您]?|\W)*)+")
"""The whole message says that the form shall stop, whatever the classifier takes it for: "不用专票" says more."""


def asks(text: str) -> bool:
    """Whether it is worded as a question, apart from politeness."""
    text = _ASKS_A_FAVOUR.sub("", text)
    for word in _POLITE:
        if len(word) > 1:
            text = text.replace(word, "")
    return bool(_ASKS.search(text))


def leftover(text: str, names: Iterable[str]) -> int:
    """How many characters say something else than names of fields, corrections, politeness and numbers."""
    text = _CORRECTING.sub("", _ASKS_A_FAVOUR.sub("", text))
    words = sorted({*FILLERS, *_POLITE, *names}, key=len, reverse=True)
    return len(_PUNCTUATION.sub("", re.sub("|".join(map(re.escape, words)), "", text)))


def is_short(text: str) -> bool:
    """Whether there is hardly anything in it at all."""
    return len(_PUNCTUATION.sub("", text)) <= SHORT
