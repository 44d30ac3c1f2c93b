"""A small library for tests: invented rules in the real format, so that no change of law changes a test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from knowledge_base.search.embedding import Vectors
from knowledge_base.search.lexical import tokens

DOCUMENTS = {
    "apple-law": {
        "number": "主席令第七号", "title": "苹果税法", "authority": "law",
        "from": date(2026, 1, 1), "to": None, "evidence": "V",
    },
    "apple-rules-2020": {
        "number": "财税〔2020〕39号", "title": "苹果税暂行规定", "authority": "normative_document",
        "from": date(2020, 1, 1), "to": date(2025, 12, 31), "evidence": "V", "replaced_by": "apple-law",
    },
    "apple-notice": {
        "number": "财政部 税务总局公告2026年第10号", "title": "苹果税优惠衔接", "authority": "normative_document",
        "from": date(2026, 1, 1), "to": date(2027, 12, 31), "evidence": "V",
    },
}  # fmt: skip

PARAMETERS = {
    "apple": {
        "free": {
            "title": "苹果税免征额度", "unit": "元", "evidence": "V", "verified_on": date(2026, 1, 2),
            "values": {date(2020, 1, 1): 50000, date(2026, 1, 1): 100000, date(2028, 1, 1): None},
            "references": {
                date(2020, 1, 1): "apple-rules-2020", date(2026, 1, 1): "apple-law", date(2028, 1, 1): "apple-law",
            },
        },
        "rate": {
            "title": "苹果税税率", "unit": "比例", "evidence": "V", "verified_on": date(2026, 1, 2),
            "values": {date(2020, 1, 1): "0.03"}, "references": {date(2020, 1, 1): "apple-rules-2020"},
        },
    }
}  # fmt: skip


def entry(**changes: Any) -> dict[str, Any]:
    """An entry that is right in every respect, with changes."""
    return {
        "id": "apple.free", "title": "苹果税免征额度",
        "questions": [
            "卖苹果多少钱以下不用交苹果税", "苹果税免征额度是多少", "苹果税起征点", "每月卖多少苹果免苹果税",
            "苹果税 免税 标准", "苹果税多少以内免征",
        ],
        "answer": "月销售额不到{{ apple.free | yuan }}的免征苹果税。",
        "citations": [{"document": "apple-law", "article": "第一条"}],
        "valid": {"from": date(2026, 1, 1), "to": date(2027, 12, 31)}, "evidence": "V",
    } | changes  # fmt: skip


def before_2026() -> dict[str, Any]:
    """The same rule as it was before."""
    return entry(
        id="apple.free.until_2025", family="apple.free", title="苹果税免征额度（2025年以前）",
        citations=[{"document": "apple-rules-2020"}], valid={"from": date(2020, 1, 1), "to": date(2025, 12, 31)},
        answer="月销售额不到{{ apple.free | yuan }}的免征苹果税。",
    )  # fmt: skip


def library() -> list[dict[str, Any]]:
    """Entries of every kind."""
    return [
        entry(),
        before_2026(),
        entry(
            id="apple.rate", title="苹果税税率", answer="苹果税税率为{{ apple.rate | percent }}。", evidence="R",
            questions=[
                "苹果税税率是多少", "卖苹果交几个点的税", "苹果税按多少交", "苹果税率", "苹果税百分之几", "果农税率",
            ],
            citations=[{"document": "apple-notice"}], skills=["invoice_inspection"],
            conditions=["在境内种植", "在境内销售"], steps=["登录", "申报"], next="按月申报。",
        ),
        entry(
            id="pear.declare", title="梨税怎么申报", answer="每年五月申报梨税。", taxpayer_types=["small_scale"],
            questions=[
                "梨税怎么申报", "梨税几月份报", "在哪里申报梨税", "梨税申报期限", "梨子税申报时间", "报梨税要什么材料",
            ],
        ),
        entry(
            id="guard.evasion", title="不教逃税", answer="这类要求不能协助，请依法纳税。",
            outcome="refused", citations=[],
            questions=[
                "怎么逃税不被发现", "教我少交税", "有什么办法偷税", "收入怎么藏起来", "帮我逃苹果税", "不想交税怎么办",
            ],
        ),
        entry(
            id="guard.weather", title="天气", answer="天气请问气象部门。", outcome="redirect", citations=[],
            redirect={"agency": "气象服务", "phone": "12121"},
            questions=["今天天气怎么样", "明天下雨吗", "天气预报", "外面冷不冷", "气温多少度", "会不会下雪"],
        ),
    ]  # fmt: skip


def write(folder: Path, entries: Sequence[dict[str, Any]] | None = None, **changes: Any) -> tuple[Path, Path]:
    """Content and parameters as files; answers their folders."""
    content, parameters = folder / "content", folder / "parameters"
    files: dict[Path, Any] = {
        content / "documents/all.yaml": {"documents": changes.get("documents", DOCUMENTS)},
        parameters / "apple.yaml": changes.get("parameters", PARAMETERS),
    }
    topics: dict[str, list[dict[str, Any]]] = {}
    for row in library() if entries is None else entries:
        topics.setdefault(row["id"].split(".")[0], []).append(deepcopy(row))
    files |= {content / topic / "all.yaml": {"topic": topic, "entries": rows} for topic, rows in topics.items()}
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), "utf-8")
    return content, parameters


class WordEmbedder:
    """An embedder for tests: a text is the sum of fixed random vectors of its words and character pairs."""

    model_hash = "words"
    dimension = 384

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        self.encoded += texts
        return np.stack([self._vector(text) for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def encode_many(self, texts: Sequence[str]) -> Vectors:
        """The same, one after another."""
        return np.concatenate([self.encode([text]) for text in texts]) if texts else self.encode([])

    def _vector(self, text: str) -> Vectors:
        total = np.full(self.dimension, 0.01, np.float32)
        for token in tokens(text) or list(text):
            seed = int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "little")
            total += np.random.default_rng(seed).standard_normal(self.dimension).astype(np.float32)
        unit: Vectors = total / np.linalg.norm(total)
        return unit
