"""Fine-tuning for a given time ends in time, improves the network, and goes on after a stop."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import timed_training as module
from benchmarks.timed_training import Plan, Spent, fine_tune
from networks.build import build_network
from networks.network import QuantizedNetwork
from search_space.space import space_from_json
from training.augmentation import Augmentation
from training.batches import Resident
from training.datasets import load_dataset
from training.evaluation import accuracy

PLAN = Plan(
    minutes=2 / 60,
    clock="cpu",
    cores=1,
    lr=0.05,
    weight_decay=1e-4,
    batch_size=32,
    augmentation=Augmentation(shift=1),
    bfloat16=False,
    compiled=False,
)


@pytest.fixture(scope="module")
def data() -> Resident:
    train = load_dataset("digits").train
    return Resident(images=torch.from_numpy(train.images), labels=torch.from_numpy(train.labels))


def network(data: Resident) -> QuantizedNetwork:
    declared = {
        "family": "resnet",
        "shortcut": "pad",
        "stem_channels": [8],
        "stages": [{"channels": [8], "blocks": [1], "stride": 2}],
        "weight_bits": [3],
        "activation_bits": [3],
    }
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    layers = space.sample(np.random.default_rng(0)).layers
    made = build_network(layers, mean=[0.3], std=[0.4], seed=0)
    made.initialise_quantizers(data.images[:256])
    return made


def test_it_learns_and_ends_when_the_time_is_up(data: Resident, tmp_path: Path) -> None:
    made = network(data)
    plan = replace(PLAN, minutes=8 / 60)  # long enough to learn on a slow, busy machine too
    spent = fine_tune(made, data, plan, tmp_path / "c.pt", lambda _: None)
    assert 1 <= spent.share(plan) < 1.5
    assert spent.images > len(data)
    assert accuracy(made, data) > 0.5
    assert made.quantized


def test_a_stopped_one_goes_on_from_its_checkpoint(
    data: Resident, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class StoppedError(Exception):
        pass

    def stop(line: str) -> None:
        raise StoppedError(line)

    monkeypatch.setattr(module, "_SAVE_EVERY_S", 0.2)
    checkpoint, first = tmp_path / "c.pt", network(data)
    with pytest.raises(StoppedError, match="epochs"):
        fine_tune(first, data, PLAN, checkpoint, stop)
    kept = torch.load(checkpoint, weights_only=True)
    again, said = network(data), []
    monkeypatch.setattr(module, "_SAVE_EVERY_S", 60.0)
    spent = fine_tune(again, data, PLAN, checkpoint, said.append)
    assert said == [f"goes on after {kept['spent']['images']} images and "
                    f"{kept['spent']['wall_s']:.0f} s"]  # fmt: skip
    assert spent.images > kept["spent"]["images"]
    # all of it is done now: another call trains no further, and has the same network
    finished = network(data)
    assert fine_tune(finished, data, PLAN, checkpoint, lambda _: None).images == spent.images
    for mine, theirs in zip(finished.parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_a_checkpoint_of_another_plan_is_not_used(data: Resident, tmp_path: Path) -> None:
    checkpoint = tmp_path / "c.pt"
    short = replace(PLAN, minutes=0.2 / 60)
    fine_tune(network(data), data, short, checkpoint, lambda _: None)
    other = replace(short, lr=0.01)
    said: list[str] = []
    fine_tune(network(data), data, other, checkpoint, said.append)
    assert not said


def test_time_is_counted_by_the_plans_clock() -> None:
    spent = Spent(wall_s=600, cpu_s=1200)
    assert spent.share(replace(PLAN, minutes=20, clock="wall")) == 0.5
    assert spent.share(replace(PLAN, minutes=20, clock="cpu", cores=2)) == 0.5
    assert spent.share(replace(PLAN, minutes=20, clock="cpu", cores=1)) == 1.0
