"""A small network for the digits as a user brings it: trained a little, exported once per run."""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from search.datasets import DATASETS
from tests.unit.networks.imported.programs import exported
from training.datasets import Split, load_dataset

MEAN, STD = (0.5,), (0.25,)
"""What the network's images are normalised with; not what the data set's facts say."""


class DigitsNetwork(nn.Module):
    """Convolutions with and without batch norm, a residual sum, a depthwise kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, stride=2, padding=1)
        self.block = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU6(),
            nn.Conv2d(8, 8, 1, bias=False),
            nn.BatchNorm2d(8),
        )
        self.classifier = nn.Linear(8 * 16, 10)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.stem(x))
        x = functional.relu(self.block(x) + x)
        return self.classifier(x.flatten(1))


def normalised(images: Tensor) -> Tensor:
    """Return images as the network takes them, ``(N, 1, 8, 8)``."""
    return (images.float() / 255 - MEAN[0]) / STD[0]


def share_right(module: nn.Module, split: Split) -> float:
    """Return the accuracy of a module on a split."""
    with torch.no_grad():
        chosen = module(normalised(torch.from_numpy(split.images))).argmax(1)
    return float((chosen.numpy() == split.labels).mean())


@cache
def digits_network() -> nn.Module:
    """Return the trained module, in evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = DigitsNetwork()
        train = load_dataset("digits").train
        images = normalised(torch.from_numpy(train.images))
        labels = torch.from_numpy(train.labels).long()
        optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
        for _ in range(15):
            for part in torch.randperm(len(labels)).split(64):
                optimizer.zero_grad()
                functional.cross_entropy(module(images[part]), labels[part]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
    return module.eval()


@cache
def digits_program() -> bytes:
    """Return the module as an exported program."""
    return exported(digits_network(), DATASETS["digits"].input_shape)
