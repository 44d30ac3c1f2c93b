"""Document numbers in the many ways people write them, and the documents that they may mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import cn2an

from knowledge_base.register import RegisteredDocument

_DIGITS = r"\d{1,5}|[一二三四五六七八九十百零〇]{1,7}"
_YEAR = r"(?P<year>(?:19|20)\d{2})"
_ISSUERS = ("财政部", "国家税务总局", "税务总局", "海关总署", "国务院", "主席", "工业和信息化部", "住房城乡建设部")
_SHORT = (
    r"(?P<prefix>财税字?|财综|财会|国税发|国税函|税总发|税总函|税总[一-鿿]{1,4}[函发]"
    r"|国发|国办发|国科发[一-鿿]|发改[一-鿿]{1,3})"
)

_GAP = r"\s{0,2}"  # not any number: several gaps side by side would share a long one in countless ways
_ANNOUNCEMENT = re.compile(rf"公告{_GAP}{_YEAR}{_GAP}年?{_GAP}第?{_GAP}(?P<number>{_DIGITS}){_GAP}号")
_ANNOUNCEMENT_AFTER = re.compile(rf"{_YEAR}{_GAP}年?{_GAP}第?{_GAP}(?P<number>{_DIGITS}){_GAP}号{_GAP}公告")
_BRACKETED = re.compile(
    rf"{_SHORT}{_GAP}[\[(【〔〈{{]?{_GAP}{_YEAR}{_GAP}年?{_GAP}[\])】〕〉}}]?{_GAP}第?{_GAP}(?P<number>{_DIGITS}){_GAP}号"
)
_ORDER = re.compile(
    rf"(?P<issuer>国务院|主席|国家税务总局|税务总局|总局|财政部){_GAP}第?{_GAP}(?P<number>{_DIGITS})?{_GAP}号?{_GAP}令{_GAP}第?{_GAP}(?P<number2>{_DIGITS})?{_GAP}号?"
)


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A document number in one spelling; `kind` is 公告, 令 or the prefix before the bracketed year."""

    kind: str
    year: int | None
    number: int
    issuers: frozenset[str]
    start: int
    end: int

    @property
    def canonical(self) -> str:
        """The official spelling, without the issuers of an announcement."""
        if self.kind == "公告":
            return f"公告{self.year}年第{self.number}号"
        return f"令第{self.number}号" if self.kind == "令" else f"{self.kind}〔{self.year}〕{self.number}号"

    def means(self, other: DocumentNumber) -> bool:
        """Whether a number in a question may be this registered one: nothing that is said differs."""
        same = (self.kind, self.year, self.number) == (other.kind, other.year, other.number)
        return same and self.issuers <= other.issuers


def _number(text: str) -> int:
    return int(text) if text.isascii() else int(cn2an.cn2an(text, "smart"))


def _issuers(text: str) -> frozenset[str]:
    """Who is named just before a number; the administration's full name contains its short one and so means both."""
    return frozenset(issuer for issuer in _ISSUERS if issuer in text[-40:])


def find_document_numbers(text: str) -> list[DocumentNumber]:
    """Every document number in a text, in order."""
    found: list[DocumentNumber] = []
    for pattern in (_ANNOUNCEMENT, _ANNOUNCEMENT_AFTER, _BRACKETED, _ORDER):
        for match in pattern.finditer(text):
            groups = match.groupdict()
            digits = groups.get("number") or groups.get("number2")
            if not digits or any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            try:
                number = _number(digits)
            except ValueError:
                continue
            if pattern is _ORDER:
                kind, issuers = "令", _issuers(match["issuer"])
            elif pattern is _BRACKETED:
                kind, issuers = match["prefix"], frozenset[str]()
            else:
                kind, issuers = "公告", _issuers(re.split(r"[,，。;；?？]", text[: match.start()])[-1])
            year = int(match["year"]) if groups.get("year") else None
            found.append(DocumentNumber(kind, year, number, issuers, match.start(), match.end()))
    return sorted(found, key=lambda item: item.start)


class NumberedDocuments:
    """The register, looked up by number."""

    def __init__(self, documents: Mapping[str, RegisteredDocument]) -> None:
        self._numbers = {
            key: numbers[0]
            for key, document in documents.items()
            if document.number and (numbers := find_document_numbers(document.number))
        }

    def meant(self, numbers: Iterable[DocumentNumber]) -> list[str]:
        """The keys of the documents that the numbers of a question may mean."""
        wanted = list(numbers)
        return [key for key, own in self._numbers.items() if any(number.means(own) for number in wanted)]


def rewritten(text: str) -> str:
    """The text with every document number in its official spelling."""
    for item in reversed(find_document_numbers(text)):
        text = text[: item.start] + item.canonical + text[item.end :]
    return text


def without_numbers(text: str) -> str:
    """The text with every document number taken out, so that its year is not taken for a period."""
    for item in reversed(find_document_numbers(text)):
        text = text[: item.start] + " " + text[item.end :]
    return text
