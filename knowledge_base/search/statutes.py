"""Articles of imported statutes, found by the name of the statute and the number of the article."""

from __future__ import annotations

import re

import cn2an

from knowledge_base.schemas import Library, StatuteArticle

_ARTICLE = re.compile(r"第?([零〇一二三四五六七八九十百千\d]{1,6})条(?:之([一二三四五六七八九十]))?")
_BETWEEN = re.compile(
    r"(?:以及|[的中里、,，和及与])?"
)  # stands between a statute and its article, or two articles of it
_COUNTRY = "中华人民共和国"
_SHORTEST = 3  # characters of a name by which a statute may be called


def article_name(number: int, after: int = 0) -> str:
    """第十条, 第十条之一."""
    return f"第{cn2an.an2cn(number)}条" + (f"之{cn2an.an2cn(after)}" if after else "")


def article_number(written: str) -> int:
    """十 → 10, 10 → 10.

    Raises `ValueError`.
    """
    return int(written) if written.isdigit() else int(cn2an.cn2an(written.replace("〇", "零"), "smart"))


class Statutes:
    """Which articles a question names: “增值税法第十条”, “《个人所得税法》6条”."""

    def __init__(self, library: Library) -> None:
        self._articles = {(row.document, row.number, row.after): row for row in library.articles}
        imported = {row.document for row in library.articles}
        names = {_short(library.documents[key].title): key for key in imported if key in library.documents}
        self._documents = {name: key for name, key in names.items() if len(name) >= _SHORTEST}
        # the longest name first: 增值税法实施条例 is not 增值税法
        longest_first = sorted(self._documents, key=len, reverse=True)
        self._names = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def named(self, text: str) -> list[StatuteArticle]:
        """The articles that a text names, in its order; none when a statute or the article is not here.

        An article belongs to the statute right before it: 个人所得税法实施条例第五条 is none of 个人所得税法.
        """
        text = re.sub(r"[《》\s]", "", text)
        found: dict[StatuteArticle, None] = {}
        for name in self._names.finditer(text):
            place = name.end()
            while head := self._next(text, place):
                place = head.end()
                if row := self._article(self._documents[name[0]], head):
                    found[row] = None
        return list(found)

    def _next(self, text: str, place: int) -> re.Match[str] | None:
        """The article that stands at a place, but for a word that joins it to what is before."""
        between = _BETWEEN.match(text, place)
        return _ARTICLE.match(text, between.end() if between else place)

    def _article(self, document: str, head: re.Match[str]) -> StatuteArticle | None:
        try:
            number = article_number(head[1]), article_number(head[2]) if head[2] else 0
        except ValueError:
            return None
        return self._articles.get((document, *number))


def _short(title: str) -> str:
    """The name without the country, brackets and notes: what people call it."""
    return re.sub(r"[《》\s]|[（(].*?[）)]", "", title).removeprefix(_COUNTRY)
