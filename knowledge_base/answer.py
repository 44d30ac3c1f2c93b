"""Question → answer: what to say, with which sources, for which day; and when to say that we do not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import structlog

from knowledge_base.candidates import Candidate, families, for_the_other, judged, signs
from knowledge_base.question import Understood
from knowledge_base.register import RegisteredDocument
from knowledge_base.rendering import CHECK_NOTE, RenderingError, compose, day, period
from knowledge_base.schemas import (
    TAXPAYER_TYPES,
    Answer,
    AskRequest,
    Citation,
    ContentCitation,
    ContentEntry,
    Related,
    StatuteArticle,
)
from knowledge_base.search.calibration import Calibration
from knowledge_base.search.embedding import Vectors
from knowledge_base.search.snapshot import Snapshot
from knowledge_base.search.statutes import article_name

EMPTY = "请直接说出您想咨询的税费问题，例如“小规模纳税人一个月卖多少不用交增值税”。"
UNKNOWN = (
    "很抱歉，知识库里没有找到能准确回答这个问题的内容。\n"
    "您可以补充税种、办理事项或所属时间后再问一次，也可以回复“转人工”或拨打12366纳税缴费服务热线。"
)
WHICH = "您想问的是哪一个？"
WHO = "答案因纳税人类型而不同，请问您是{kinds}？"
LIKELY = "您问的可能是“{title}”："
OTHERS = "如果不是，您要问的也许是："
AUTHORITIES = {
    "law": "法律", "administrative_regulation": "行政法规", "department_rule": "部门规章",
    "normative_document": "规范性文件", "guidance": "宣传辅导",
}  # fmt: skip
OPTIONS = 3
JUDGED = 12
WORD_FOR_WORD = 0.98  # the confidence in an entry for which somebody wrote this very question
NOT_OURS_AT = 0.4  # probability from which on a question is for others or to be refused
SURELY_NOT_OURS = 0.6  # … from which on the likeliest refusal or referral is given, if it is
CLEAR_OF_RIVALS = 3.0  # times as likely as the next one
RELATED_AT = 0.05  # less likely entries are noise and not help

log = structlog.get_logger(__name__)


class Answerer:
    """Answers from one snapshot; blocking, so it runs in the thread of the search."""

    def __init__(self, snapshot: Snapshot, model: Calibration) -> None:
        self._snapshot = snapshot
        self._model = model

    def answer(self, request: AskRequest, asked: Understood, vector: Vectors) -> Answer:
        """What to say to a question that was understood and encoded."""
        if articles := self._snapshot.statutes.named(request.question):
            return self._articles(articles, asked.as_of)
        if asked.only_document:
            return self._about_document(request, asked)
        scored = self._snapshot.rank(asked.text, vector, asked.numbers)
        ranked = families(self._snapshot, scored, request, asked)
        found = self._word_for_word(judged(ranked, scored, asked.text, self._model, JUDGED), asked.typed)
        if not found:
            return self._unknown(asked.as_of, [], 0.0)
        top = found[0]
        not_ours = self._model.not_ours(signs(self._snapshot, scored, asked))
        if not_ours >= NOT_OURS_AT and top.confidence < WORD_FOR_WORD:
            return self._not_ours(found, not_ours, asked)
        if top.entry.guard and top.confidence >= self._model.guard_at:
            return self._given(top, asked.as_of, [])
        certain = top.confidence >= (WORD_FOR_WORD if for_the_other(top.entry, asked) else self._model.answer_at)
        if certain and not top.entry.guard:
            related = self._related(found[1:], request.limit)
            return self._given(top, asked.as_of, related) if top.current else self._not_then(top, asked.as_of, related)
        options = [item for item in found if item.current and not item.entry.guard][:OPTIONS]
        asks_back = top.confidence >= (self._model.offer_at if asked.tax_words else self._model.clarify_at)
        if asks_back and options and not top.entry.guard and not asked.wrongful:
            if top.confidence >= self._model.show_at and top.current:
                return self._likely(options, asked.as_of)
            return self._which(options, asked)
        return self._unknown(asked.as_of, self._related(found, request.limit), top.confidence)

    def _not_ours(self, found: list[Candidate], probability: float, asked: Understood) -> Answer:
        """The refusal or referral that fits, or, where that is not clear, that we do not know."""
        others = [item for item in found if item.entry.guard]
        if asked.wrongful:
            others = [item for item in others if item.entry.outcome == "refused"] or others
        if others:
            best = others[0]
            plain = probability >= SURELY_NOT_OURS or (asked.wrongful and best.entry.outcome == "refused")
            rivals = [item.confidence for item in others[1:] if _says_else(item.entry, best.entry)]
            alone = best is found[0] or best.confidence >= CLEAR_OF_RIVALS * max(rivals, default=0.0)
            if best.confidence >= self._model.guard_at or (plain and alone):
                return self._given(best, asked.as_of, [])
        return self._unknown(asked.as_of, [], found[0].confidence)

    def _word_for_word(self, found: list[Candidate], text: str) -> list[Candidate]:
        """The candidate that an editor wrote this very question for goes first and is sure, if it is one alone."""
        families = self._snapshot.families_asked(text)
        asked_for = [item for item in found if item.entry.family in families]
        if len(families) != 1 or not asked_for:
            return found
        sure = replace(asked_for[0], confidence=max(asked_for[0].confidence, WORD_FOR_WORD))
        return [sure, *(item for item in found if item is not asked_for[0])]

    def _given(self, candidate: Candidate, as_of: date, related: list[Related]) -> Answer:
        """The text of an entry, or of a guard entry with its outcome."""
        entry = candidate.entry
        try:
            text = compose(entry, self._snapshot.law.at(as_of))
        except RenderingError as error:
            log.error("answer_not_rendered", entry=entry.id, as_of=str(as_of), error=str(error))
            return self._not_then(candidate, as_of, related)
        return Answer(
            status=entry.outcome, answer=text, entry_id=entry.id, title=entry.title,
            confidence=candidate.confidence, valid_on=as_of, related=related, redirect=entry.redirect,
            citations=[self._citation(citation) for citation in entry.citations],
            suggested_skills=list(entry.skills),
        )  # fmt: skip

    def _not_then(self, candidate: Candidate, as_of: date, related: list[Related]) -> Answer:
        """Honest about time: a text is known, but not for the day asked about."""
        known = self._periods(candidate.entry)
        text = (
            f"关于“{candidate.entry.title}”，知识库收录的内容适用于{known}；您问的是{day(as_of)}的情况，"
            f"这一天的规定没有收录，不能据此答复。\n{CHECK_NOTE}您也可以回复“转人工”。"
        )
        own = Related(entry_id=candidate.entry.id, title=candidate.entry.title, confidence=candidate.confidence)
        return Answer(
            status="no_answer", answer=text, confidence=candidate.confidence, valid_on=as_of, related=[own, *related]
        )

    def _periods(self, entry: ContentEntry) -> str:
        """When the texts of a family are law, earliest first."""
        own = [other.valid for other in self._snapshot.entries if other.family == entry.family]
        return "、".join(dict.fromkeys(period(valid) for valid in sorted(own, key=lambda valid: valid.start)))

    def _which(self, options: list[Candidate], asked: Understood) -> Answer:
        """A question back, with the likeliest entries to choose from."""
        kinds = [] if asked.taxpayer_types else _kinds([option.entry for option in options])
        question = WHO.format(kinds="，还是".join(kinds)) if kinds else WHICH
        return Answer(
            status="clarify", answer="\n".join([question, *_numbered(options)]), confidence=options[0].confidence,
            valid_on=asked.as_of, related=[_option(option) for option in options],
        )  # fmt: skip

    def _likely(self, options: list[Candidate], as_of: date) -> Answer:
        """The likeliest text under its title, and the others to choose from: of more use than a mere question."""
        shown = self._given(options[0], as_of, [_option(option) for option in options[1:]])
        if shown.status != "answered":
            return shown
        others = "\n".join([OTHERS, *_numbered(options[1:])]) if options[1:] else ""
        parts = [LIKELY.format(title=shown.title), shown.answer, others]
        return shown.model_copy(update={"status": "clarify", "answer": "\n\n".join(part for part in parts if part)})

    def _unknown(self, as_of: date, related: list[Related], confidence: float) -> Answer:
        return Answer(status="no_answer", answer=UNKNOWN, confidence=confidence, valid_on=as_of, related=related)

    def _related(self, candidates: list[Candidate], limit: int) -> list[Related]:
        likely = [
            item
            for item in candidates
            if item.confidence >= RELATED_AT and item.current and not item.entry.guard
        ]  # fmt: skip
        return [
            Related(entry_id=item.entry.id, title=item.entry.title, confidence=item.confidence)
            for item in likely[:limit]
        ]

    def _about_document(self, request: AskRequest, asked: Understood) -> Answer:
        """A question about documents by number: their cards from the register, and the entries that cite them."""
        keys = self._snapshot.numbers.meant(asked.numbers)
        if not keys:
            named = "、".join(number.canonical for number in asked.numbers)
            text = f"知识库没有收录“{named}”这份文件，请核对文号。您可以在国家税务总局政策法规库查询，或回复“转人工”。"
            return Answer(status="no_answer", answer=text, confidence=0.0, valid_on=asked.as_of)
        documents = self._snapshot.documents
        citing = [place for key in keys for place in self._snapshot.citing(key)]
        current = [
            entry
            for entry in (self._snapshot.entries[place] for place in dict.fromkeys(citing))
            if entry.valid.contains(asked.as_of) and not entry.guard
        ]
        parts = [self._card(documents[key], asked.as_of) for key in keys]
        if current:
            parts.append(
                "依据该文件可以回答的问题：\n" + "\n".join(f"- {entry.title}" for entry in current[: request.limit])
            )
        return Answer(
            status="answered", answer="\n\n".join(parts), title=documents[keys[0]].title,
            confidence=1.0 if len(keys) == 1 else round(1 / len(keys), 4), valid_on=asked.as_of,
            citations=[self._citation(ContentCitation(document=key)) for key in keys],
            related=[
                Related(entry_id=entry.id, title=entry.title, confidence=1.0) for entry in current[: request.limit]
            ],
        )  # fmt: skip

    def _articles(self, articles: Sequence[StatuteArticle], as_of: date) -> Answer:
        """The words of the law, for whoever asks for an article."""
        parts = []
        for row in articles:
            document = self._snapshot.documents[row.document]
            name = article_name(row.number, row.after)
            head = f"《{document.title}》{name}" + (f"（{row.chapter}）" if row.chapter else "")
            parts.append(f"{head}：\n{row.text}")
        document = self._snapshot.documents[articles[0].document]
        if document.effective_to and document.effective_to < as_of:
            parts.append(f"该文件执行到{day(document.effective_to)}，已不再适用。")
        cited = [
            ContentCitation(document=row.document, article=article_name(row.number, row.after)) for row in articles
        ]
        return Answer(
            status="answered", answer="\n\n".join(parts), title=document.title, confidence=1.0, valid_on=as_of,
            citations=[self._citation(citation) for citation in cited],
        )  # fmt: skip

    def _card(self, document: RegisteredDocument, as_of: date) -> str:
        """What the register knows of a document."""
        lines = [
            f"《{document.title}》（{document.number}），{AUTHORITIES[document.authority]}，{day(document.effective_from)}起施行。"
        ]
        if document.effective_to and document.effective_to < as_of:
            lines.append(f"该文件执行到{day(document.effective_to)}，已不再适用。")
        elif document.effective_to:
            lines.append(f"有效期至{day(document.effective_to)}。")
        if document.replaced_by:
            successor = self._snapshot.documents[document.replaced_by]
            lines.append(
                f"后续规定见《{successor.title}》" + (f"（{successor.number}）。" if successor.number else "。")
            )
        if document.evidence == "R":
            lines.append(CHECK_NOTE)
        return "".join(lines)

    def _citation(self, citation: ContentCitation) -> Citation:
        document = self._snapshot.documents[citation.document]
        return Citation(
            title=document.title, document_number=document.number, article=citation.article,
            effective_from=document.effective_from, effective_to=document.effective_to,
            authority=document.authority, url=document.url,
        )  # fmt: skip


def _says_else(one: ContentEntry, other: ContentEntry) -> bool:
    """Whether two refusals or referrals tell people different things."""
    return (one.outcome, one.redirect) != (other.outcome, other.redirect)


def _option(option: Candidate) -> Related:
    return Related(entry_id=option.entry.id, title=option.entry.title, confidence=option.confidence)


def _numbered(options: Sequence[Candidate]) -> list[str]:
    return [f"{number}. {option.entry.title}" for number, option in enumerate(options, 1)]


def _kinds(entries: Sequence[ContentEntry]) -> list[str]:
    """The kinds of taxpayer that the two likeliest entries are for, where that is what tells them apart."""
    first, second = ([set(entry.taxpayer_types) for entry in entries[:2]] + [set(), set()])[:2]
    if not first or not second or first & second:
        return []
    return ["或".join(name for kind, name in TAXPAYER_TYPES.items() if kind in own) for own in (first, second)]


def nothing_asked(as_of: date) -> Answer:
    """What to say to an empty question."""
    return Answer(status="no_answer", answer=EMPTY, confidence=0.0, valid_on=as_of)
