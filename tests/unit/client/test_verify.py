"""``bitpareto verify`` on a file that was really trained, and the statuses it ends with."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bitpareto.cli import main
from bitpareto.cli import verify as module
from search.entities import Artifact, Limits, Progress
from search.ids import new_id
from search.recipe import Recipe
from search.use_cases.results import complete_trial
from tests.served import Deployment
from tests.service import new_search
from training.datasets import load_dataset
from training.trial import run_trial

RECIPE = Recipe(float_epochs=1, qat_epochs=1, max_train_images=128, max_accuracy_gap=1.0)


class NoCheckpoints:
    def load(self) -> bytes | None:
        return None

    def save(self, checkpoint: bytes) -> None:
        pass


@pytest.fixture
def trained(deployment: Deployment, tmp_path: Path) -> tuple[str, Path, float]:
    """Trial, file and validation accuracy of a trial that ran."""
    search = new_search(deployment.store, recipe=RECIPE, limits=Limits(max_trials=1))
    (claim,) = deployment.claimed(search, 1)
    result = run_trial(
        layers=claim.trial.layers,
        recipe=RECIPE,
        dataset=load_dataset("digits"),
        seed=claim.trial.seed,
        candidate_hash=claim.trial.candidate_hash,
        report=ignore,
        checkpoints=NoCheckpoints(),
    )
    artifact = Artifact(
        id=new_id("art"),
        trial_id=claim.trial.id,
        search_id=search.id,
        sha256=deployment.files.put(result.artifact),
        size_bytes=len(result.artifact),
        created_at=datetime.now(UTC),
    )
    with deployment.store.begin() as uow:
        complete_trial(uow, claim.lease, result.metrics, artifact, datetime.now(UTC))
    file = tmp_path / "best.bpar"
    file.write_bytes(result.artifact)
    return claim.trial.id, file, result.metrics["accuracy"]


def ignore(progress: Progress) -> None:
    pass


def test_a_trials_file_is_what_the_server_says_of_it(
    address: str, trained: tuple[str, Path, float], capsys: pytest.CaptureFixture[str]
) -> None:
    trial_id, file, accuracy = trained
    arguments = ["verify", str(file), "--trial", trial_id, "--base-url", address]
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "ok"
    assert report["accuracy"]["dataset"] == "digits"
    assert report["accuracy"]["validation"]["accuracy"] == accuracy
    assert report["candidate_hash_recomputed"]
    assert report["provenance"]["trial_id"] == trial_id
    assert report["provenance"]["recipe"]["max_train_images"] == 128
    assert report["provenance"]["genes"]
    assert main(arguments) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert f"{accuracy:.4%}" in shown
    assert report["sha256"] in shown
    assert "max_train_images=128" in shown


def test_statuses_tell_what_is_wrong(
    trained: tuple[str, Path, float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, file, accuracy = trained
    verify = ["verify", str(file)]
    digits = [*verify, "--data", "digits"]
    assert main(verify) == 0
    assert main([*digits, "--accuracy", f"{accuracy:.3f}"]) == 0
    capsys.readouterr()
    assert main([*digits, "--accuracy", f"{accuracy / 2 + 0.3:.2f}", "--json"]) == 6
    said = capsys.readouterr()
    assert json.loads(said.out)["status"] == "wrong"
    assert "as claimed" in said.err
    assert main([*verify, "--data", str(tmp_path)]) == 7
    file.write_bytes(file.read_bytes()[:-1])
    assert main(digits) == 5
    assert "bad_length" in capsys.readouterr().err
    assert main(["verify", str(tmp_path / "nothing.bpar")]) == 2


def test_the_file_of_another_trial_is_found_out(
    address: str,
    deployment: Deployment,
    trained: tuple[str, Path, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, file, _ = trained
    search = new_search(deployment.store, limits=Limits(max_trials=1))
    (claim,) = deployment.claimed(search, 1)
    deployment.complete(claim, 0.9)
    assert main(["verify", str(file), "--trial", claim.trial.id, "--base-url", address]) == 6
    assert "sha256 is" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1.5", "-0.1", "nan", "90%", ""])
def test_an_accuracy_is_a_share(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["verify", "file.bpar", "--accuracy", text])
    assert caught.value.code == 2
    assert "0.93" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "tolerance"), [("0.93", 0.005), ("0.9300", 0.00005), ("1", 0.5), ("1e-2", 0.005)]
)
def test_an_accuracy_is_as_exact_as_it_is_written(text: str, tolerance: float) -> None:
    found = module.rounded_accuracy(text)
    assert found.value == float(text)
    assert found.tolerance == pytest.approx(tolerance)


def test_without_the_servers_distribution_the_client_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "GROUP", "bitpareto.nothing")
    assert main(["verify", "file.bpar"]) == 8
    assert "bitpareto-server" in capsys.readouterr().err
