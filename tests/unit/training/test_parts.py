import numpy as np
import pytest
import torch
from torch import nn

from quantization.pact import ClippingQuantizer
from training.augmentation import Augmentation, augment
from training.batch_norm import reestimate_batch_norm
from training.batches import Resident, epoch_generator, n_batches, shuffled_batches
from training.optimizers import make_optimizer
from training.schedule import learning_rate


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(n: int, size: int = 5) -> torch.Tensor:
    return torch.arange(n, dtype=torch.uint8).view(n, 1, 1, 1).expand(n, 2, size, size).contiguous()


def test_shifts_move_whole_images_by_at_most_the_reach_and_fill_with_zeros() -> None:
    images = torch.randint(1, 256, (64, 3, 6, 7), generator=generator(), dtype=torch.uint8)
    moved = augment(images, Augmentation(shift=2), generator(1))
    padded = nn.functional.pad(images, (2, 2, 2, 2))
    seen = set()
    for i in range(64):
        fits = {
            (dy, dx)
            for dy in range(5)
            for dx in range(5)
            if torch.equal(moved[i], padded[i, :, dy : dy + 6, dx : dx + 7])
        }
        assert fits
        seen |= fits
    assert len(seen) > 15


def test_flips_mirror_about_half_of_the_images() -> None:
    images = torch.randint(0, 256, (400, 1, 4, 4), generator=generator(), dtype=torch.uint8)
    flipped = augment(images, Augmentation(flip=True), generator(1))
    mirrored = (flipped == images.flip(3)).flatten(1).all(1)
    kept = (flipped == images).flatten(1).all(1)
    assert bool((mirrored | kept).all())
    assert 150 < int(mirrored.sum()) < 250


def test_no_augmentation_changes_nothing() -> None:
    images = numbered(9)
    assert torch.equal(augment(images, Augmentation(), generator()), images)


def test_an_epoch_deals_every_image_at_most_once_with_its_label() -> None:
    data = Resident(images=numbered(50), labels=torch.arange(50))
    seen: list[int] = []
    for images, labels in shuffled_batches(data, 8, Augmentation(), generator(2)):
        assert torch.equal(images[:, 0, 0, 0].long(), labels)
        seen += labels.tolist()
    assert len(seen) == len(set(seen)) == 48
    assert seen != sorted(seen)


def test_a_set_smaller_than_a_batch_is_one_batch() -> None:
    data = Resident(images=numbered(5), labels=torch.arange(5))
    (batch,) = shuffled_batches(data, 8, Augmentation(), generator())
    assert sorted(batch[1].tolist()) == [0, 1, 2, 3, 4]


def test_epochs_phases_and_seeds_draw_differently_and_repeatably() -> None:
    def draw(*key: int) -> int:
        return int(torch.randint(1 << 60, (), generator=epoch_generator(*key)))

    keys = [(seed, phase, epoch) for seed in (0, 1) for phase in (0, 1) for epoch in range(5)]
    draws = [draw(*key) for key in keys]
    assert len(set(draws)) == len(keys)
    assert draws == [draw(*key) for key in keys]


@pytest.mark.parametrize("n_steps", [1, 2, 7, 100])
def test_the_schedule_rises_to_the_peak_then_falls_towards_zero(n_steps: int) -> None:
    rates = [learning_rate(step, n_steps, 0.5) for step in range(n_steps)]
    top = int(np.argmax(rates))
    assert max(rates) == pytest.approx(0.5)
    assert all(rate > 0 for rate in rates)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    if n_steps == 100:
        assert rates[0] < 0.06
        assert rates[-1] < 0.001


def test_weights_and_clipping_levels_decay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    network.weight_quantizer = nn.Module()
    network.weight_quantizer.scale = nn.Parameter(torch.ones(2, 1, 1, 1))
    network.output_quantizer = ClippingQuantizer(4, signed=False)
    decayed, spared = make_optimizer(network, weight_decay=0.1).param_groups
    assert [p.shape for p in decayed["params"]] == [network[0].weight.shape, ()]
    assert (decayed["weight_decay"], spared["weight_decay"]) == (0.1, 0.0)
    assert len(spared["params"]) == 4


def test_reestimated_statistics_are_means_over_batches() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3))
    norm = network[1]
    norm.running_mean.fill_(100.0)
    images = torch.rand(20, 2, 6, 6)
    data = Resident(images=images, labels=torch.zeros(20))
    plain = Augmentation()
    reestimate_batch_norm(network, data, 5, plain, torch.Generator().manual_seed(7))
    order = torch.randperm(20, generator=torch.Generator().manual_seed(7))
    outputs = network[0](images[order]).detach().view(4, 5, 3, 4, 4).transpose(1, 2).flatten(2)
    torch.testing.assert_close(norm.running_mean, outputs.mean((0, 2)))
    torch.testing.assert_close(norm.running_var, outputs.var(2).mean(0))
    assert norm.momentum == 0.1
    assert not network.training


def test_reestimated_statistics_are_of_images_as_training_sees_them() -> None:
    network = nn.Sequential(nn.BatchNorm2d(1))
    images = torch.full((40, 1, 4, 4), 9.0)
    data = Resident(images=images, labels=torch.zeros(40))
    generator = torch.Generator().manual_seed(1)
    reestimate_batch_norm(network, data, 10, Augmentation(shift=2), generator)
    mean = network[0].running_mean.item()  # zeros have moved in
    assert 9.0 / 4 < mean < 9.0 * 0.8


def test_batches_per_epoch() -> None:
    assert [n_batches(n, 32) for n in (1, 32, 63, 64, 1077)] == [1, 1, 1, 2, 33]
