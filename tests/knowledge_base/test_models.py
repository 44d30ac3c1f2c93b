"""Fitted models wait aside until they are judged no worse than those in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from knowledge_base import model_commands
from knowledge_base.evaluation import gate, tuning
from knowledge_base.search.calibration import calibration, load_calibration
from tests.knowledge_base.test_gate import outcome


@pytest.fixture
def in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Models in use and no candidate, in a folder of this test."""
    (tmp_path / "use").mkdir()
    np.save(tmp_path / "use/tax_map.npy", np.eye(3, dtype=np.float16))
    calibration().save(tmp_path / "use/calibration.json")
    monkeypatch.setattr(tuning, "CANDIDATE", tmp_path / "candidate")
    monkeypatch.setattr(tuning, "TURN", tmp_path / "use/tax_map.npy")
    monkeypatch.setattr(tuning, "FILE", tmp_path / "use/calibration.json")
    monkeypatch.setattr(model_commands, "read_files", lambda _: None)
    return tmp_path / "use"


def candidate() -> None:
    """A candidate that differs from what is in use."""
    tuning.CANDIDATE.mkdir()
    np.save(tuning.CANDIDATE / "tax_map.npy", 2 * np.eye(3, dtype=np.float16))
    calibration().save(tuning.CANDIDATE / "calibration.json")


def judged(monkeypatch: pytest.MonkeyPatch, before: str, after: str) -> None:
    """What the blind questions say to the models in use and to the candidate."""
    monkeypatch.setattr(gate, "evaluate", lambda *given: [outcome("q0", after if len(given) > 2 else before)])


def test_a_worse_candidate_is_not_promoted(in_use: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    candidate()
    judged(monkeypatch, "right", "wrong")
    result = CliRunner().invoke(model_commands.app, ["promote"])
    assert result.exit_code == 1
    assert "变差 q0" in result.output
    assert np.load(in_use / "tax_map.npy")[0, 0] == 1
    assert tuning.has_candidate()
    assert CliRunner().invoke(model_commands.app, ["promote", "--force"]).exit_code == 0
    assert np.load(in_use / "tax_map.npy")[0, 0] == 2


def test_a_candidate_that_is_no_worse_takes_over_whole(in_use: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(model_commands.app, ["promote"]).exit_code == 1
    candidate()
    judged(monkeypatch, "wrong", "right")
    told = CliRunner().invoke(model_commands.app, ["evaluate"])
    assert "变好 1 题" in told.output
    assert CliRunner().invoke(model_commands.app, ["promote"]).exit_code == 0
    assert np.load(in_use / "tax_map.npy")[0, 0] == 2
    assert load_calibration(in_use / "calibration.json") == load_calibration()
    assert not tuning.has_candidate()
