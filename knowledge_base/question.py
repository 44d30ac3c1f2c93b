"""What a question says about itself: the day it is about, who asks, which documents it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import structlog

from hub.kit.taxtext import Period, find_period
from knowledge_base.followup import whole
from knowledge_base.schemas import AskRequest, TaxpayerType
from knowledge_base.search.document_numbers import DocumentNumber, find_document_numbers, without_numbers
from knowledge_base.search.lexical import has_tax_words, taxes_named
from knowledge_base.search.normalise import normalise, simplified, without_padding
from knowledge_base.search.spelling import corrected

log = structlog.get_logger(__name__)

BARE = 8  # characters: a tax and a word or two
_NOW = re.compile(r"现在|目前|如今|眼下|当前|今年|本月|这个月")
_BEFORE = re.compile(r"份?(?:之前|以前)")
_ABOUT_A_DOCUMENT = re.compile(
    r"(?:请|帮我|给我|查|看|找|一下|的|关于|说明?|了|讲|写|规定|有|些|什么|啥|内容|意思|是|哪些|文件|政策|公告|通知|全文|原文|解读|"
    r"还|有效|吗|么|呢|现行|执行|废止|失效|财政部|国家|税务总局|海关总署|国务院|主席|中国|证监会|住房城乡建设部|工业和信息化部|发展改革委|"
    r"商务部|[\s、,。?!:《》()])*"
)
_WRONGFUL = re.compile(
    r"(?:不|别|避开|躲|绕|瞒|藏)[^,。?!]{0,8}(?:发现|被查|查到|查出|知道|预警|监管|风控|税务|稽查)|(?:会|能)(?:不会)?被(?:发现|查到|查出)"
    r"|税[务局][^,。?!]{0,6}(?:[查看]得[到出]|能[查看][到出])|做低|两套账|毁掉|销毁|编个|编一|随便填|假合同|阴阳合同|买[^,。]{0,4}(?:专票|发票|成本票|进项)"
    r"|虚开几|走票|偷偷[^,。?!]{0,6}(?:收|报|税|转|走)|少交点税|不想交税|隐[藏匿瞒]|不留痕|虚[增列]|买单出口|假出口|没有真实|[买借][^,。]{0,4}报关单|报关单[^,。]{0,3}借"
)
_TYPES: tuple[tuple[TaxpayerType, re.Pattern[str]], ...] = (
    ("small_scale", re.compile(r"小规模")),
    ("general", re.compile(r"一般纳税人|一般人")),
    ("sole_trader", re.compile(r"个体户|个体工商户")),
    ("individual", re.compile(r"自然人|个人(?!所得税|养老金|独资|账户)")),
    ("non_resident", re.compile(r"非居民")),
    ("enterprise", re.compile(r"企业(?!所得税)|公司")),
)


@dataclass(frozen=True, slots=True)
class Understood:
    """A question as search and answer need it: `text` with its slips put right, `typed` as it came.

    `tax_words` says that it sounds like a tax matter, `names_tax` that it names one, `wrongful` that it asks how to get
    away with something.
    """

    text: str
    typed: str
    numbers: list[DocumentNumber]
    only_document: bool
    as_of: date
    taxpayer_types: frozenset[TaxpayerType]
    tax_words: bool
    names_tax: bool
    wrongful: bool


def day_of(period: Period, today: date) -> date:
    """Whose law a period means: today's if it is running, else that of its last day if past, its first if to come."""
    if period.end < today:
        return period.end
    return period.start if period.start > today else today


def _period(text: str, today: date) -> Period | None:
    try:
        return find_period(text, today)
    except (ValueError, OverflowError, ArithmeticError):
        log.warning("period_not_read")
        return None


def _as_of(text: str, period: Period | None, today: date) -> date:
    if period is None:
        return today
    day = day_of(period, today)
    if period.start <= today and _BEFORE.match(text.partition(period.text)[2]):
        day = period.start - timedelta(days=1)  # "2025年4月之前的起退点"
    # "2019年买过一套，现在再买": what is asked is about now
    return today if day < today and _NOW.search(text.replace(period.text, " ")) else day


def _subject(text: str, plain: str, period: Period | None) -> str:
    """What to search for: the subject alone where the rest is only its period (2026年1月的增值税), else the whole text.

    The period has done its work by then; as part of the text it would lead to whatever else is about that month.
    """
    if period is None:
        return text
    rest = normalise(plain.replace(period.text, "", 1)).removeprefix("的").strip()
    return rest if len(rest) <= BARE and taxes_named(rest) else text


def _types(text: str) -> frozenset[TaxpayerType]:
    return frozenset(name for name, pattern in _TYPES if pattern.search(text))


def understand(request: AskRequest, today: date) -> Understood:
    """Read a question; never raises, whatever was typed."""
    question = whole(request.question, request.context, lambda text: has_tax_words(normalise(text)))
    plain = simplified(question)
    numbers = find_document_numbers(plain)
    bare = without_numbers(plain) if numbers else plain
    # the day that the person names now goes before the one named earlier
    period = (_period(simplified(request.question), today) if request.context else None) or _period(bare, today)
    # and so does the kind of taxpayer: “那一般纳税人呢”
    types = (_types(simplified(request.question)) if request.context else None) or _types(plain)
    text = _subject(normalise(question), plain, period)
    return Understood(
        text=corrected(text),
        typed=text,
        numbers=numbers,
        only_document=bool(numbers) and bool(_ABOUT_A_DOCUMENT.fullmatch(without_padding(bare))),
        as_of=request.as_of or _as_of(bare, period, today),
        taxpayer_types=frozenset({request.taxpayer_type}) if request.taxpayer_type else types,
        tax_words=has_tax_words(text),
        names_tax=any(name.endswith("税") for name in taxes_named(text)),
        wrongful=bool(_WRONGFUL.search(plain)),
    )
