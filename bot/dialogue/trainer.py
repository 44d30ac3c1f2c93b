"""Trains the Rasa model in Rasa's own environment; a model is named after the hash of everything it is made from."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hub.settings import ROOT, Settings

PYTHON = Path(".venv-dialogue/bin/python")
# everything that shapes a model; README files do not
SOURCES = ("config.yml", "bot/dialogue/domain", "bot/dialogue/components", "hub/kit/taxtext", "training_data")
SUFFIXES = {".yml", ".py", ".txt", ".npz"}
LOCK = Path("requirements/dialogue.txt")
# one thread each: Rasa shares its machine; telemetry off also keeps error reports from leaving it
QUIET_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "PYTHONWARNINGS": "ignore",
    "NO_PROXY": "*",
}


class TrainingFailed(Exception):
    """Rasa could not train; the message ends with what it said last."""


def environment(settings: Settings, root: Path = ROOT) -> dict[str, str]:
    """The environment of every Rasa process: quiet, one thread, our components on its path."""
    cache = (settings.var_dir / "dialogue").resolve()
    cache.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        **QUIET_ENVIRONMENT,
        "PYTHONPATH": os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "MPLCONFIGDIR": str(cache),
        "RASA_CACHE_DIRECTORY": str(cache / "cache"),
        "HOME": str(cache),
        "TMPDIR": str(cache),  # jieba keeps an index under a fixed name there: not in a folder that all users can write
    }


def python(root: Path = ROOT) -> Path:
    """Rasa's interpreter.

    Raises `TrainingFailed` when its environment is missing.
    """
    found = root / PYTHON
    if not found.exists():
        raise TrainingFailed(f"找不到 {found}：请先运行 make setup")
    return found


def content_hash(root: Path = ROOT) -> str:
    """A name for the present state of everything a model is made from."""
    digest = hashlib.sha256()
    for path in [*sources(root), root / LOCK]:
        digest.update(json.dumps([str(path.relative_to(root)), path.stat().st_size]).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def sources(root: Path = ROOT) -> list[Path]:
    """Every file that a model is made from."""
    return sorted(path for source in SOURCES for path in _files(root / source))


def _files(place: Path) -> Iterable[Path]:
    if place.is_file():
        return [place]
    return (path for path in place.rglob("*") if path.suffix in SUFFIXES and path.is_file())


def model_path(settings: Settings, root: Path = ROOT) -> Path:
    """Where the model for the present state lies, or would lie."""
    return settings.models_dir / "rasa" / f"{content_hash(root)}.tar.gz"


def train(settings: Settings, *, force: bool = False, root: Path = ROOT) -> Path:
    """The model for the present state, trained unless it exists.

    Raises `TrainingFailed`.
    """
    target = model_path(settings, root)
    if target.exists() and not force:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".training-") as folder:
        arguments = ["train", "--config", "config.yml", "--domain", "bot/dialogue/domain", "--data", "training_data"]
        result = run_rasa(
            [*arguments, "--out", folder, "--fixed-model-name", "model"], environment(settings, root), root
        )
        made = Path(folder) / "model.tar.gz"
        if result.returncode != 0 or not made.exists():
            raise TrainingFailed(f"训练失败：\n{(result.stdout + result.stderr)[-4000:]}")
        os.replace(made, target)  # a server that starts meanwhile sees the whole model or none
    return target


def run_rasa(arguments: list[str], env: Mapping[str, str], root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a Rasa command to its end."""
    command = [str(python(root)), "-m", "rasa", *arguments]
    return subprocess.run(command, cwd=root, env=dict(env), capture_output=True, text=True, check=False)
