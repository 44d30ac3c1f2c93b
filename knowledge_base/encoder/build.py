"""Puts the encoder together from the package's file, once: quantised network and tokenizer in `models/encoder/`."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from hub.settings import ROOT
from knowledge_base.encoder import weights

FOLDER = ROOT / "models/encoder"
NETWORK, TOKENIZER = "int8.onnx", "tokenizer.json"
INPUT, OUTPUT = "ids", "vector"
RECIPE = "1"
"""To be raised with every change of graph, vocabulary or quantisation: it is part of the name of what is built."""


@lru_cache
def source_hash() -> str:
    """Names the package's weights together with our recipe."""
    with weights.bundled_file().open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    digest.update(RECIPE.encode())
    return digest.hexdigest()[:16]


def built() -> Path:
    """The folder with network and tokenizer; built now where it is missing (some seconds, 34 MB).

    Raises `WeightsError` when the package's file cannot be read.
    """
    folder = FOLDER / f"e5-{source_hash()}"
    if not (folder / TOKENIZER).exists():
        _build(folder)
    return folder


def _build(folder: Path) -> None:
    """Beside its place first: whoever else builds at the same time gets the same, and one of them is kept."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".building-") as name:
        ready = Path(name) / "ready"
        ready.mkdir()
        _write(ready)
        try:
            os.replace(ready, folder)
        except OSError:
            if not (folder / TOKENIZER).exists():
                shutil.rmtree(folder)
                os.replace(ready, folder)


def _write(folder: Path) -> None:
    # only the build needs them, and they take a second to load
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from knowledge_base.encoder import graph, vocabulary

    source = weights.read(weights.bundled_file())
    words = vocabulary.kept(source.pieces, source.scores)
    exact = folder / "exact.onnx"
    onnx.save(graph.build(source, words, INPUT, OUTPUT), str(exact))
    advice = logging.getLogger()
    advice.addFilter(_wanted)
    quantize_dynamic(
        str(exact), str(folder / NETWORK), weight_type=QuantType.QInt8, per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"], reduce_range=not _exact_int8(),
    )  # fmt: skip
    advice.removeFilter(_wanted)
    exact.unlink()
    vocabulary.tokenizer([source.pieces[word] for word in words], source.scores[words]).save(str(folder / TOKENIZER))


def _wanted(record: logging.LogRecord) -> bool:
    """Not the library's advice to pre-process the graph: there is nothing in ours to pre-process."""
    return "pre-processing" not in record.getMessage()


def _exact_int8() -> bool:
    """Whether this processor adds products of bytes without saturating (VNNI); others need seven bits."""
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", errors="ignore")
    except OSError:
        return False
    return "vnni" in flags
