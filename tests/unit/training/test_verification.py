"""A packed file is checked against itself, its formula, its data, and what is said of it."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.export import pack
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from search_space.costs import costs
from search_space.space import Candidate, space_from_json
from training import verification as module
from training.datasets import Dataset, load_dataset
from training.verification import layers_of, verify_file

SPACES = [
    {"family": "resnet", "weight_bits": [2, 3, 8], "activation_bits": [2, 5, 8]},
    {"family": "mobilenetv2", "weight_bits": [2, 4], "activation_bits": [4, 8]},
]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def candidate(declared: dict[str, object], seed: int = 0) -> Candidate:
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    return space.sample(np.random.default_rng(seed))


def packed(found: Candidate, dataset: Dataset) -> bytes:
    """The file of an untrained network."""
    network = build_network(found.layers, mean=[0.3], std=[0.4], seed=5)
    network.initialise_quantizers(torch.from_numpy(dataset.train.images[:64]))
    return write_artifact(
        pack(
            network,
            candidate_hash=found.hash,
            data_hash=dataset.data_hash,
            seed=5,
            code_version="0.1.0",
        )
    )


@pytest.fixture(scope="module")
def content(digits: Dataset) -> bytes:
    return packed(candidate(SPACES[0]), digits)


@pytest.fixture
def path(content: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "network.bpar"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("declared", SPACES)
@pytest.mark.parametrize("seed", range(5))
def test_layers_costs_and_candidate_are_recomputed_from_the_file_alone(
    declared: dict[str, object], seed: int, digits: Dataset
) -> None:
    found = candidate(declared, seed)
    data = packed(found, digits)
    layers = layers_of(read_artifact(data))
    assert [replace(layer, name="") for layer in layers] == [
        replace(layer, name="") for layer in found.layers
    ]
    assert costs(layers) == costs(found.layers)


def test_a_sound_file_is_described(path: Path, content: bytes, digits: Dataset) -> None:
    report = verify_file(path, data="digits")
    assert (report["status"], report["problems"]) == ("ok", [])
    assert report["sha256"] == hashlib.sha256(content).hexdigest()
    assert report["size_bytes"] == report["formula_size_bytes"] == len(content)
    assert report["candidate_hash"] == candidate(SPACES[0]).hash
    assert report["candidate_hash_recomputed"]
    assert (report["seed"], report["code_version"]) == (5, "0.1.0")
    assert report["data_hash"] == digits.data_hash.hex()
    assert report["format_version"] == 1
    assert report["accuracy"]["dataset"] == "digits"
    for name, split in (("validation", digits.validation), ("test", digits.test)):
        decided = run(read_artifact(content), split.images).argmax(1)
        found = report["accuracy"][name]
        assert found["correct"] == (decided == split.labels).sum()
        assert found["accuracy"] == found["correct"] / len(split)


def test_without_data_nothing_is_run(path: Path) -> None:
    report = verify_file(path, claims={"accuracy": 2.0})
    assert (report["status"], report["accuracy"]) == ("ok", None)


@pytest.mark.parametrize("place", [0, 20, 60, 200, -1])
def test_one_changed_bit_anywhere_is_damage(path: Path, content: bytes, place: int) -> None:
    changed = bytearray(content)
    changed[place] ^= 4
    path.write_bytes(changed)
    report = verify_file(path, data="digits")
    assert report["status"] == "damaged"
    assert len(report["problems"]) == 1
    assert report["size_bytes"] == len(content)


def test_a_size_that_the_formula_does_not_give_is_damage(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the reader checks lengths on its own; this is the second, independent witness
    monkeypatch.setattr(module, "layers_of", lambda artifact: layers_of(artifact)[:-1])
    report = verify_file(path)
    assert report["status"] == "damaged"
    assert "formula" in report["problems"][0]


def test_true_claims_hold(path: Path, content: bytes) -> None:
    first = verify_file(path, data="digits")
    claims = {name: first[name] for name in ("sha256", "size_bytes", "candidate_hash", "seed")}
    claims["accuracy"] = first["accuracy"]["validation"]["accuracy"]
    claims["test_accuracy"] = first["accuracy"]["test"]["accuracy"]
    assert verify_file(path, data="digits", claims=claims)["status"] == "ok"


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sha256", "0" * 64),
        ("size_bytes", 17),
        ("candidate_hash", "1" * 64),
        ("seed", 6),
        ("accuracy", 0.999),
        ("test_accuracy", 0.999),
    ],
)
def test_a_false_claim_is_named(path: Path, claim: str, value: float | str) -> None:
    report = verify_file(path, data="digits", claims={claim: value})
    assert report["status"] == "wrong"
    assert str(value) in report["problems"][0]


def test_a_rounded_accuracy_holds_within_its_rounding_only(path: Path) -> None:
    measured = verify_file(path, data="digits")["accuracy"]["validation"]["accuracy"]
    for off, status in ((0.004, "ok"), (0.006, "wrong")):
        claims = {"accuracy": measured + off, "accuracy_tolerance": 0.005}
        assert verify_file(path, data="digits", claims=claims)["status"] == status


def test_data_that_is_nowhere_or_another_is_no_data(
    path: Path, content: bytes, tmp_path: Path
) -> None:
    for data in ("mnist", str(tmp_path)):
        report = verify_file(path, data=data)
        assert (report["status"], report["accuracy"]) == ("no_data", None)
    other = replace(read_artifact(content), data_hash=bytes(16))
    path.write_bytes(write_artifact(other))
    report = verify_file(path, data="digits")
    assert report["status"] == "no_data"
    assert "00000000" in report["problems"][0]


def test_a_folder_is_searched_for_the_data_that_fits_and_nothing_is_downloaded(
    path: Path, tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Path, ...]] = []

    def load(places: tuple[Path, ...], fetch: module.Fetch) -> Dataset:
        asked.append(places)
        with pytest.raises(OSError, match="not asked"):
            fetch("https://example.org/digits", "md5:0")
        return digits

    monkeypatch.setattr(module, "_FROM_FOLDER", {"digits": load, "cifar10": load})
    report = verify_file(path, data=str(tmp_path))
    assert asked == [(tmp_path, tmp_path / "digits")]
    assert report["accuracy"]["validation"]["total"] == 360


def test_verifying_loads_no_torch() -> None:
    program = "import sys, training.verification; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
