import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from networks.export import pack
from networks.network import QuantizedNetwork
from networks.nodes import WeightedNode
from quantization.artifact import Artifact, PackedLayer, read_artifact, write_artifact
from quantization.integer_runtime import run
from search.datasets import DATASETS, DatasetFacts
from search.entities import Progress, TrialResult
from search.errors import (
    ArtifactMismatchError,
    DivergedError,
    OutOfMemoryError,
    TrialInterrupted,
)
from search.recipe import Recipe
from search_space.costs import costs, float_size_bytes
from search_space.layers import LayerList
from search_space.space import space_from_json
from training import trial as module
from training.checkpoint import state_from_bytes
from training.datasets import Dataset, Split, load_dataset
from training.failures import typed_failures
from training.trial import measure_artifact, run_trial

RECIPE = Recipe(
    float_epochs=2, qat_epochs=2, batch_size=32, lr=0.3, qat_lr=0.1, weight_decay=5e-4
)  # fmt: skip
HASH = "ab" * 32
Alter = Callable[[PackedLayer], PackedLayer]


class MemoryStore:
    """A checkpoint store in memory; ``history`` holds every checkpoint."""

    def __init__(self, checkpoint: bytes | None = None) -> None:
        self.history = [] if checkpoint is None else [checkpoint]

    def load(self) -> bytes | None:
        return self.history[-1] if self.history else None

    def save(self, checkpoint: bytes) -> None:
        self.history.append(checkpoint)


def ignore(progress: Progress) -> None:
    pass


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


@pytest.fixture(scope="module")
def few(digits: Dataset) -> Dataset:
    """A part of the digits, for tests of mechanics."""
    train = digits.train.take(np.arange(256))
    validation = digits.validation.take(np.arange(100))
    return replace(digits, train=train, validation=validation)


def network(bits: int, channels: int = 6) -> LayerList:
    declared = {
        "family": "resnet",
        "stem_channels": [channels],
        "stages": [{"channels": [channels], "blocks": [1], "stride": 2}],
        "weight_bits": [bits],
        "activation_bits": [bits],
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    return space.sample(np.random.default_rng(0)).layers


def train(
    dataset: Dataset,
    recipe: Recipe = RECIPE,
    *,
    layers: LayerList | None = None,
    seed: int = 3,
    report=ignore,
    checkpoints: MemoryStore | None = None,
) -> TrialResult:
    return run_trial(
        layers=layers or network(4),
        recipe=recipe,
        dataset=dataset,
        seed=seed,
        candidate_hash=HASH,
        report=report,
        checkpoints=checkpoints or MemoryStore(),
    )


def test_two_bit_digits_are_learned_and_the_file_decides_as_the_network_did(
    digits: Dataset,
) -> None:
    recipe = replace(RECIPE, float_epochs=5, qat_epochs=4, max_accuracy_gap=0.01)
    layers = network(2, channels=12)
    result = train(digits, recipe, layers=layers)
    metrics = result.metrics
    assert metrics["float_accuracy"] > 0.9
    assert metrics["accuracy"] > 0.8
    assert len(result.artifact) == costs(layers).size_bytes
    assert metrics["float_size_bytes"] == float_size_bytes(layers) > 4 * len(result.artifact)
    assert metrics["n_validation"] == 360
    assert metrics["train_seconds"] > 0 == metrics["gpu_seconds"]
    validation = digits.validation
    correct, total = measure_artifact(result.artifact, validation.images, validation.labels)
    assert metrics["accuracy"] == correct / total
    artifact = read_artifact(result.artifact)
    assert (artifact.candidate_hash, artifact.data_hash) == (HASH, digits.data_hash)
    assert run(artifact, validation.images[:3]).shape == (3, 10)


def test_the_same_seed_gives_the_same_file_and_another_seed_another(few: Dataset) -> None:
    first, again, other = train(few), train(few), train(few, seed=4)
    assert first.artifact == again.artifact
    assert first.artifact != other.artifact


def test_results_do_not_depend_on_the_global_generator(few: Dataset) -> None:
    torch.manual_seed(1)
    first = train(few)
    torch.manual_seed(2)
    assert train(few).artifact == first.artifact


@pytest.mark.parametrize("n_done", [1, 2, 3, 4])
def test_a_resumed_trial_ends_bit_identically(few: Dataset, n_done: int) -> None:
    whole = MemoryStore()
    expected = train(few, checkpoints=whole)
    reports: list[Progress] = []
    resumed = train(
        few, report=reports.append, checkpoints=MemoryStore(whole.history[n_done - 1])
    )  # fmt: skip
    assert resumed.artifact == expected.artifact
    timed = {"train_seconds": 0.0}
    assert {**resumed.metrics, **timed} == {**expected.metrics, **timed}
    assert len([r for r in reports if r.phase != "pack"]) == 4 - n_done


@pytest.mark.parametrize("damage", ["other seed", "cut", "garbage"])
def test_a_useless_checkpoint_means_a_fresh_start(few: Dataset, damage: str) -> None:
    store = MemoryStore()
    expected = train(few, checkpoints=store)
    if damage == "other seed":
        train(few, seed=9, checkpoints=store)
    elif damage == "cut":
        store.save(store.history[-1][:-500])
    else:
        store.save(b"no checkpoint at all")
    assert train(few, checkpoints=MemoryStore(store.load())).artifact == expected.artifact


def test_checkpoints_hold_no_pickled_code(few: Dataset) -> None:
    store = MemoryStore()
    train(few, checkpoints=store)
    assert len(store.history) == RECIPE.float_epochs + RECIPE.qat_epochs
    # state_from_bytes loads with weights_only, which refuses everything but tensors and numbers
    assert torch.load(io.BytesIO(store.history[-1]), weights_only=True)
    assert state_from_bytes(store.history[-1], "something else", torch.device("cpu")) is None


def test_progress_names_phase_and_epoch(few: Dataset) -> None:
    reports: list[Progress] = []
    result = train(few, report=reports.append)
    places = [(r.phase, r.epoch, r.n_epochs) for r in reports]
    trained = [("float", 1, 2), ("float", 2, 2), ("qat", 1, 2), ("qat", 2, 2)]
    assert places == [*trained, ("pack", 0, 1), ("pack", 1, 1)]
    assert all(r.train_loss is not None and r.accuracy is not None for r in reports[:4])
    assert reports[-1].accuracy == result.metrics["accuracy"]


@pytest.mark.parametrize("stop_at", [1, 3, 5])
def test_an_interruption_passes_through_and_the_epoch_is_saved(few: Dataset, stop_at: int) -> None:
    store, seen = MemoryStore(), 0

    def report(progress: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == stop_at:
            raise TrialInterrupted("cancelled")

    with pytest.raises(TrialInterrupted, match="cancelled"):
        train(few, report=report, checkpoints=store)
    assert len(store.history) == min(stop_at, 4)


@pytest.mark.parametrize("phase", ["lr", "qat_lr"])
def test_an_absurd_learning_rate_diverges(few: Dataset, phase: str) -> None:
    with pytest.raises(DivergedError):
        train(few, replace(RECIPE, **{phase: 1e30}))


def test_a_network_that_is_not_finite_diverges(few: Dataset) -> None:
    store = MemoryStore()
    train(few, checkpoints=store)
    state = torch.load(io.BytesIO(store.history[1]), weights_only=True)
    state["network"]["nodes.1.weight"].fill_(torch.nan)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    with pytest.raises(DivergedError):
        train(few, checkpoints=MemoryStore(buffer.getvalue()))


def test_main_memory_that_ends_is_a_typed_outcome() -> None:
    with pytest.raises(OutOfMemoryError), typed_failures():
        torch.empty(1 << 55)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shape"), typed_failures():
        torch.zeros(2).view(3)


def negated_weights(layer: PackedLayer) -> PackedLayer:
    assert layer.weights is not None
    return replace(layer, weights=np.maximum(-layer.weights, layer.weights.min()))


def doubled_scale(layer: PackedLayer) -> PackedLayer:
    return replace(layer, scale_exponent=layer.scale_exponent + 1)


def shifted_channels(layer: PackedLayer) -> PackedLayer:
    return replace(
        layer,
        multipliers=np.roll(layer.multipliers, 1),
        biases=np.roll(layer.biases, 1),
    )


def huge_kernel(layer: PackedLayer) -> PackedLayer:
    return replace(layer, kernel=16)


@pytest.fixture
def wrong_export(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Alter], None]:
    """Make packing alter one layer of what it returns."""

    def use(place: int, alter: Alter) -> None:
        def wrong(*arguments: Any, **named: Any) -> Artifact:
            artifact = pack(*arguments, **named)
            layers = list(artifact.layers)
            layers[place] = alter(layers[place])
            return replace(artifact, layers=tuple(layers))

        monkeypatch.setattr(module, "pack", wrong)

    return use


@pytest.mark.parametrize(
    ("place", "alter"),
    [(1, negated_weights), (-1, negated_weights), (2, doubled_scale), (-1, shifted_channels)],
)
def test_a_wrong_export_fails_the_trial(
    few: Dataset, wrong_export: Callable[[int, Alter], None], place: int, alter: Alter
) -> None:
    recipe = replace(RECIPE, max_accuracy_gap=0.1)
    assert train(few, recipe).metrics["decision_agreement"] > 0.95
    wrong_export(place, alter)
    with pytest.raises(ArtifactMismatchError, match="decides otherwise"):
        train(few, recipe)


def test_an_export_that_is_no_valid_file_fails_the_trial(
    few: Dataset, wrong_export: Callable[[int, Alter], None]
) -> None:
    wrong_export(1, huge_kernel)
    with pytest.raises(ArtifactMismatchError):
        train(few)


def test_an_export_of_another_size_fails_the_trial(
    few: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def longer(artifact: Artifact) -> bytes:
        return write_artifact(artifact) + b"\0"

    monkeypatch.setattr(module, "write_artifact", longer)
    with pytest.raises(ArtifactMismatchError, match="were predicted"):
        train(few)


@pytest.mark.parametrize("bits", [1, 2, 3, 8])
def test_file_and_network_decide_alike(few: Dataset, bits: int) -> None:
    metrics = train(few, layers=network(bits)).metrics
    assert metrics["decision_agreement"] >= 0.99  # two logits may be equal but for 2**-12


def test_a_loss_against_the_network_before_rounding_fails_the_trial(
    few: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def coarse(trained: QuantizedNetwork) -> None:
        for node in trained.nodes:
            if isinstance(node, WeightedNode) and node.bias is not None:
                node.bias.data[0] += 100.0

    monkeypatch.setattr(module, "round_to_file", coarse)
    with pytest.raises(ArtifactMismatchError, match="before rounding"):
        train(few, replace(RECIPE, float_epochs=10))


def test_part_of_the_images_can_be_used(few: Dataset) -> None:
    store = MemoryStore()
    train(few, replace(RECIPE, max_train_images=64), checkpoints=store)
    state = torch.load(io.BytesIO(store.history[0]), weights_only=True)
    momentum_steps = state["network"]["nodes.1.batch_norm.num_batches_tracked"]
    assert int(momentum_steps) == 64 // RECIPE.batch_size


def test_the_test_split_is_never_read(few: Dataset) -> None:
    nothing = Split(images=np.zeros((0, 1, 8, 8), np.uint8), labels=np.zeros(0, np.int64))
    assert train(replace(few, test=nothing)).artifact == train(few).artifact


@pytest.mark.gpu
def test_a_trial_runs_on_a_gpu(few: Dataset) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    arguments = {"layers": network(4), "recipe": RECIPE, "dataset": few, "seed": 3}
    results = [
        run_trial(
            **arguments, candidate_hash=HASH, device="cuda", report=ignore,
            checkpoints=MemoryStore(),
        )
        for _ in range(2)
    ]  # fmt: skip
    assert results[0].artifact == results[1].artifact
    assert results[0].metrics["accuracy"] > 0.3


def test_colour_images_work_too() -> None:
    rng = np.random.default_rng(0)
    facts: DatasetFacts = DATASETS["cifar10"]
    split = Split(
        images=rng.integers(0, 256, (40, 3, 32, 32), dtype=np.uint8),
        labels=rng.integers(0, 10, 40).astype(np.int64),
    )
    dataset = Dataset(facts=facts, train=split, validation=split, test=split, data_hash=bytes(16))
    declared = {
        "family": "mobilenetv2",
        "stem_channels": [4],
        "stages": [{"channels": 8, "kernel": [4], "expansion": [2], "stride": 4}],
        "weight_bits": [3],
        "activation_bits": [4],
    }
    space = space_from_json(declared, input_shape=(3, 32, 32), n_classes=10)
    layers = space.sample(np.random.default_rng(0)).layers
    recipe = replace(RECIPE, float_epochs=1, qat_epochs=1, max_accuracy_gap=0.2)
    assert len(train(dataset, recipe, layers=layers).artifact) == costs(layers).size_bytes
