"""When a model is made anew, where it lies, and how the server is started."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.dialogue import launcher, measurement, trainer
from bot.dialogue.builder import examples_by_intent
from bot.dialogue.components.tensorflow_absent import needs_tensorflow
from hub.settings import ROOT, Settings, get_settings


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A root with just enough in it to be hashed and to look trainable."""
    for name in ("config.yml", "bot/dialogue/domain/a.yml", "training_data/nlu/a.yml", "training_data/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / trainer.LOCK).parent.mkdir()
    (tmp_path / trainer.LOCK).write_text("rasa", "utf-8")
    (tmp_path / trainer.PYTHON).parent.mkdir(parents=True)
    (tmp_path / trainer.PYTHON).touch()
    return tmp_path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return get_settings().model_copy(update={"models_dir": tmp_path / "models", "var_dir": tmp_path / "var"})


Rasa = Callable[[bool], list[list[str]]]


@pytest.fixture
def rasa(monkeypatch: pytest.MonkeyPatch) -> Rasa:
    """Rasa's command line, replaced: writes a model or fails, and remembers how it was called."""

    def install(works: bool) -> list[list[str]]:
        calls: list[list[str]] = []

        def command(arguments: list[str], env: object, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
            calls.append(arguments)
            if works:
                (Path(arguments[arguments.index("--out") + 1]) / "model.tar.gz").write_text(
                    f"model {len(calls)}", "utf-8"
                )
            return subprocess.CompletedProcess(arguments, 0 if works else 1, "", "InvalidRule: contradiction")

        monkeypatch.setattr(trainer, "run_rasa", command)
        return calls

    return install


def test_trains_once_for_the_same_content(workplace: Path, settings: Settings, rasa: Rasa) -> None:
    calls = rasa(True)
    model = trainer.train(settings, root=workplace)
    assert model.read_text("utf-8") == "model 1"
    assert trainer.train(settings, root=workplace) == model
    assert len(calls) == 1
    trainer.train(settings, root=workplace, force=True)
    assert model.read_text("utf-8") == "model 2"
    assert [path.name for path in model.parent.iterdir()] == [model.name]


@pytest.mark.parametrize(
    "changed", ["config.yml", "bot/dialogue/domain/a.yml", "training_data/nlu/a.yml", str(trainer.LOCK)]
)
def test_any_change_of_content_is_another_model(workplace: Path, settings: Settings, changed: str) -> None:
    before = trainer.model_path(settings, workplace)
    (workplace / changed).write_text("y", "utf-8")
    assert trainer.model_path(settings, workplace) != before


def test_a_readme_is_not_content(workplace: Path, settings: Settings) -> None:
    before = trainer.model_path(settings, workplace)
    (workplace / "training_data/README.md").write_text("y", "utf-8")
    assert trainer.model_path(settings, workplace) == before


def test_a_failed_training_leaves_nothing_behind(workplace: Path, settings: Settings, rasa: Rasa) -> None:
    rasa(False)
    with pytest.raises(trainer.TrainingFailed, match="InvalidRule"):
        trainer.train(settings, root=workplace)
    assert list((settings.models_dir / "rasa").iterdir()) == []


def test_without_its_environment_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(trainer.TrainingFailed, match="make setup"):
        trainer.python(tmp_path)


def test_rasa_never_phones_home_and_keeps_to_one_thread(settings: Settings) -> None:
    env = launcher.server_environment(settings)
    assert env["RASA_TELEMETRY_ENABLED"] == "false"
    assert env["OMP_NUM_THREADS"] == env["TF_INTRA_OP_PARALLELISM_THREADS"] == "1"
    assert env["RASA_TRACKER_DSN"] == settings.dsn
    assert Path(env["TMPDIR"]).is_relative_to(settings.var_dir)


def test_secrets_are_not_on_the_command_line(settings: Settings) -> None:
    command = " ".join(launcher.server_command(settings, Path("model.tar.gz")))
    for secret in (settings.action_secret, settings.dialogue_token, settings.data_keys):
        assert secret.get_secret_value() not in command
    assert "--interface 127.0.0.1" in command


def test_scores() -> None:
    truth, guesses = ["a", "a", "b", "b"], ["a", "b", "b", "b"]
    assert measurement.accuracy(truth, guesses) == 0.75
    assert measurement.macro_f1(truth, guesses) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_held_out_sentences_were_not_learnt_from() -> None:

    learnt = {sentence for sentences in examples_by_intent(ROOT).values() for sentence in sentences}
    sentences, pairs = measurement.held_out(ROOT)
    shared = [text for text, _ in (*sentences, *pairs) if text in learnt]
    assert len(shared) <= 0.2 * (len(sentences) + len(pairs)), "short everyday phrases may meet, long ones may not"
    assert all(len(text) <= 12 for text in shared), shared


def model_with(folder: Path, metadata: str) -> Path:
    (folder / "metadata.json").write_text(metadata, "utf-8")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        archive.add(folder / "metadata.json", "metadata.json")
    return folder / "model.tar.gz"


def test_tensorflow_is_left_out_only_where_the_model_does_without(tmp_path: Path) -> None:
    light = '{"uses": "rasa.nlu.classifiers.logistic_regression_classifier.LogisticRegressionClassifier"}'
    heavy = '{"uses": "rasa.nlu.classifiers.diet_classifier.DIETClassifier"}'
    assert not needs_tensorflow(model_with(tmp_path, light))
    assert needs_tensorflow(model_with(tmp_path, heavy))
