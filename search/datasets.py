"""Facts of the built-in data sets, known without loading them.

``training.datasets`` loads the pixels and checks them against this table. Images are bytes,
``(N, C, H, W)`` uint8.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetFacts:
    """Shape of a data set.

    Attributes:
        name: Name in requests.
        input_shape: ``(C, H, W)`` of one image.
        n_classes: Number of labels.
        n_train: Training images, after the validation split was taken out.
        n_validation: Images the search measures accuracy on.
        n_test: Images read once, for front members, at the end.
        mean: Per-channel mean of pixels / 255.
        std: Per-channel standard deviation of pixels / 255.
    """

    name: str
    input_shape: tuple[int, int, int]
    n_classes: int
    n_train: int
    n_validation: int
    n_test: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


DATASETS: Final[Mapping[str, DatasetFacts]] = MappingProxyType(
    {
        d.name: d
        for d in (
            DatasetFacts(
                name="digits",
                input_shape=(1, 8, 8),
                n_classes=10,
                n_train=1077,
                n_validation=360,
                n_test=360,
                mean=(0.3053,),
                std=(0.3761,),
            ),
            DatasetFacts(
                name="fashion-mnist",
                input_shape=(1, 28, 28),
                n_classes=10,
                n_train=55000,
                n_validation=5000,
                n_test=10000,
                mean=(0.2860,),
                std=(0.3530,),
            ),
            DatasetFacts(
                name="cifar10",
                input_shape=(3, 32, 32),
                n_classes=10,
                n_train=45000,
                n_validation=5000,
                n_test=10000,
                mean=(0.4914, 0.4822, 0.4465),
                std=(0.2470, 0.2435, 0.2616),
            ),
        )
    }
)
