"""The plain text of a statute → its articles: “第十条 …”, with the chapter that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from knowledge_base.ingest.imports.fields import FieldError
from knowledge_base.ingest.imports.texts import read_text
from knowledge_base.schemas import StatuteArticle
from knowledge_base.search.statutes import article_name, article_number

_ARTICLE = re.compile(r"^\s*第([零〇一二三四五六七八九十百千\d]+)条(?:之([一二三四五六七八九十]+))?[\s　:：]*(.*)$")
_CHAPTER = re.compile(r"^\s*第[零〇一二三四五六七八九十百千\d]+[编章节][\s　]*\S.{0,40}$")
_LONGEST = 8000


class StatuteError(FieldError):
    """The file is no statute that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Statute:
    """The articles in order, and what looks wrong."""

    articles: list[StatuteArticle]
    problems: list[str]


def read_articles(path: Path, document: str) -> Statute:
    """Every article of a UTF-8 or GB 18030 text; lines before the first one are its heading.

    Articles that stand twice or are out of order are named in `problems`; of two, the first is kept.
    Raises `StatuteError` when there is no article at all, `FieldError` when the file cannot be read.
    """
    reader = _Reader(document)
    for place, line in enumerate(read_text(path).splitlines(), 1):
        reader.take(place, line)
    reader.close()
    if not reader.found:
        raise StatuteError("没有找到“第一条”这样的条文")
    return Statute(list(reader.found.values()), reader.problems)


class _Reader:
    """Takes line after line; an article ends where the next one, or a chapter, begins."""

    def __init__(self, document: str) -> None:
        self._document = document
        self.found: dict[tuple[int, int], StatuteArticle] = {}
        self.problems: list[str] = []
        self._key: tuple[int, int] | None = None
        self._last = (0, 0)
        self._lines: list[str] = []
        self._chapter = ""

    def take(self, place: int, line: str) -> None:
        if (head := _ARTICLE.match(line)) and (key := _key(head)):
            self.close()
            self._in_order(place, key)
            self._key, self._lines = key, [head[3]]
        elif _CHAPTER.match(line):
            self.close()
            self._chapter = " ".join(line.split())
        else:
            self._lines.append(line)

    def close(self) -> None:
        key, self._key = self._key, None
        if key is None:
            return
        text = "\n".join(line.strip() for line in self._lines if line.strip())
        name = article_name(*key)
        if not text:
            self.problems.append(f"{name}没有内容")
        elif len(text) > _LONGEST:
            self.problems.append(f"{name}超过{_LONGEST}字，请检查是否漏了条号")
        elif key in self.found:
            self.problems.append(f"{name}出现了两次，保留前一次")
        else:
            self.found[key] = StatuteArticle(
                document=self._document, number=key[0], after=key[1], chapter=self._chapter, text=text
            )

    def _in_order(self, place: int, key: tuple[int, int]) -> None:
        before = article_name(*self._last) if self._last[0] else "开头"
        if key <= self._last:
            self.problems.append(f"第{place}行：{article_name(*key)}的次序不对，前面是{before}")
        elif key[0] > self._last[0] + 1:
            self.problems.append(f"第{place}行：{before}之后直接到了{article_name(*key)}")
        self._last = max(self._last, key)


def _key(head: re.Match[str]) -> tuple[int, int] | None:
    try:
        return article_number(head[1]), article_number(head[2]) if head[2] else 0
    except ValueError:
        return None
