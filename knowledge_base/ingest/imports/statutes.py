"""The plain text of a statute → its articles: “第十条 …”, with the chapter that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cn2an

_ARTICLE = re.compile(r"^\s*第([零〇一二三四五六七八九十百千\d]+)条(?:之([一二三四五六七八九十]+))?[\s　:：]*(.*)$")
_CHAPTER = re.compile(r"^\s*第[零〇一二三四五六七八九十百千\d]+[编章节][\s　]*\S")
_LONGEST = 8000


class StatuteError(ValueError):
    """The file is no statute that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article: number and place after it (第十条之一 is 10 and 1), chapter, and the text without its number."""

    number: int
    after: int
    chapter: str
    text: str

    @property
    def name(self) -> str:
        """第十条, 第十条之一."""
        return article_name(self.number, self.after)


@dataclass(frozen=True, slots=True)
class Statute:
    """The articles in order, and what looks wrong."""

    articles: list[Article]
    problems: list[str]


def article_name(number: int, after: int = 0) -> str:
    """第十条, 第十条之一."""
    return f"第{cn2an.an2cn(number)}条" + (f"之{cn2an.an2cn(after)}" if after else "")


def article_number(written: str) -> int:
    """十 → 10, 10 → 10.

    Raises `ValueError`.
    """
    return int(written) if written.isdigit() else int(cn2an.cn2an(written.replace("〇", "零"), "smart"))


def read_articles(path: Path) -> Statute:
    """Every article of a UTF-8 or GB 18030 text; lines before the first one are its heading.

    Articles that stand twice or are out of order are named in `problems`; of two, the first is kept.
    Raises `StatuteError` when there is no article at all.
    """
    reader = _Reader()
    for place, line in enumerate(_text(path).splitlines(), 1):
        reader.take(place, line)
    reader.close()
    if not reader.found:
        raise StatuteError("没有找到“第一条”这样的条文")
    return Statute(list(reader.found.values()), reader.problems)


class _Reader:
    """Takes line after line; an article ends where the next one, or a chapter, begins."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, int], Article] = {}
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
            self.found[key] = Article(*key, self._chapter, text)

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


def _text(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StatuteError("文件编码既不是 UTF-8 也不是 GB 18030")
