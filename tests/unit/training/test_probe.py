"""What a network in training would be worth quantized, and that asking changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.network import QuantizedNetwork
from search.entities import Progress
from search.recipe import Recipe
from search_space.space import space_from_json
from training.batches import Resident, resident
from training.datasets import Dataset, load_dataset
from training.probe import probe
from training.trial import run_trial

RECIPE = Recipe(float_epochs=2, qat_epochs=2, batch_size=32, lr=0.3, qat_lr=0.1)


@pytest.fixture(scope="module")
def few() -> Dataset:
    digits = load_dataset("digits")
    train = digits.train.take(np.arange(256))
    return replace(digits, train=train, validation=digits.validation.take(np.arange(100)))


def _layers(bits: int):
    declared = {
        "family": "resnet",
        "stem_channels": [6],
        "stages": [{"channels": [6], "blocks": [1], "stride": 2}],
        "weight_bits": [bits],
        "activation_bits": [bits],
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    return space.sample(np.random.default_rng(0)).layers


def _network(dataset: Dataset, bits: int) -> QuantizedNetwork:
    facts = dataset.facts
    return build_network(_layers(bits), mean=facts.mean, std=facts.std, seed=1)


def _splits(dataset: Dataset) -> tuple[Resident, Resident]:
    device = torch.device("cpu")
    return resident(dataset.train, device), resident(dataset.validation, device)


class _Nowhere:
    def load(self) -> bytes | None:
        return None

    def save(self, checkpoint: bytes) -> None:
        pass


def _train(dataset: Dataset, probed: Sequence[int], bits: int = 3) -> tuple[bytes, list[Progress]]:
    told: list[Progress] = []
    result = run_trial(
        layers=_layers(bits),
        recipe=RECIPE,
        dataset=dataset,
        seed=3,
        candidate_hash="ab" * 32,
        report=told.append,
        checkpoints=_Nowhere(),
        probed=probed,
    )
    return result.artifact, [p for p in told if p.phase != "pack"]


def test_the_trial_ends_alike_whether_it_is_probed_or_not(few: Dataset) -> None:
    plain, untold = _train(few, ())
    probed, told = _train(few, (1, 2, 4))
    assert plain == probed
    assert [p.probe_accuracy is None for p in untold] == [True] * 4
    assert [p.probe_accuracy is None for p in told] == [False, False, True, False]
    assert [replace(p, probe_accuracy=None) for p in told] == untold


@pytest.mark.parametrize("quantized", [False, True])
def test_the_network_stays_as_it_is(few: Dataset, quantized: bool) -> None:
    train, validation = _splits(few)
    network = _network(few, 4)
    network.initialise_quantizers(train.images)
    network.quantized = quantized
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert probe(network, train.images, validation) == probe(network, train.images, validation)
    assert network.quantized is quantized
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


def test_many_bits_are_the_network_itself_with_the_statistics_of_the_batch(few: Dataset) -> None:
    train, _ = _splits(few)
    network = _network(few, 8)
    # of 256 images; in training mode batch norm uses those of the batch itself
    found = probe(network, train.images, Resident(images=train.images, labels=train.labels))
    network.train()
    with torch.no_grad():
        decided = network(train.images).argmax(1).numpy()
    assert found == pytest.approx((decided == train.labels.numpy()).mean(), abs=0.05)


def test_bits_show_while_the_network_is_trained_without_them(few: Dataset) -> None:
    _, told = _train(few, (1, 2), bits=1)
    _, better = _train(few, (1, 2), bits=8)
    assert [p.accuracy for p in told[:2]] == [p.accuracy for p in better[:2]]
    assert told[1].probe_accuracy is not None
    assert better[1].probe_accuracy is not None
    assert told[1].probe_accuracy < better[1].probe_accuracy
