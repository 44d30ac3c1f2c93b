"""Articles of imported statutes, found by the name of the statute and the number of the article."""

from __future__ import annotations

import re

from knowledge_base.ingest.imports.statutes import article_number
from knowledge_base.schemas import Library, StatuteArticle

_ARTICLE = re.compile(r"第?([零〇一二三四五六七八九十百千\d]{1,6})条(?:之([一二三四五六七八九十]))?")
_COUNTRY = "中华人民共和国"
_SHORTEST = 3  # characters of a name by which a statute may be called


class Statutes:
    """Which articles a question names: “增值税法第十条”, “《个人所得税法》6条”."""

    def __init__(self, library: Library) -> None:
        self._articles = {(row.document, row.number, row.after): row for row in library.articles}
        imported = {row.document for row in library.articles}
        names = [(_short(library.documents[key].title), key) for key in imported if key in library.documents]
        # the longest name first: 增值税法实施条例 is not 增值税法
        self._names = sorted((pair for pair in names if len(pair[0]) >= _SHORTEST), key=lambda pair: -len(pair[0]))

    def named(self, text: str) -> list[StatuteArticle]:
        """The articles that a text names, in its order; none when a statute or the article is not here."""
        text = re.sub(r"[《》\s]", "", text)
        key = next((key for name, key in self._names if name in text), None)
        if key is None:
            return []
        found = []
        for match in _ARTICLE.finditer(text):
            try:
                number = article_number(match[1]), article_number(match[2]) if match[2] else 0
            except ValueError:
                continue
            if row := self._articles.get((key, *number)):
                found.append(row)
        return list(dict.fromkeys(found))


def _short(title: str) -> str:
    """The name without the country, brackets and notes: what people call it."""
    return re.sub(r"[《》\s]|[（(].*?[）)]", "", title).removeprefix(_COUNTRY)
