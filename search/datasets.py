"""What is known of data sets without loading them: the built-in ones, and those users uploaded.

``training.datasets`` loads the pixels and checks them against these facts. Images are bytes,
``(N, C, H, W)`` uint8.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
        id: Of one that was uploaded.
        sha256: Of an uploaded one's stored file, which holds pixels, labels, splits and the names
            of its classes: the same file is the same data.
    """

    name: str
    input_shape: tuple[int, int, int]
    n_classes: int
    n_train: int
    n_validation: int
    n_test: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    id: str | None = None
    sha256: str | None = None

    @property
    def identity(self) -> str:
        """What two data sets share exactly if accuracies on them can be compared."""
        return self.sha256 or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedDataset:
    """A data set of a user's; its name is unique among those of its project that are not deleted.

    Attributes:
        size_bytes: Length of the stored file.
        layout: What was uploaded: ``npz``, ``parquet`` or ``folders``.
        class_names: By label.
        dealt: Splits that the upload did not have and that were taken out of its training images.
        split_seed: Of that; ``None`` where nothing was.
        samples_sha256: Address of a PNG with some images of each class.
        is_deleted: Its files are gone; searches that used it still know its facts.
    """

    id: str
    facts: DatasetFacts
    sha256: str
    samples_sha256: str
    size_bytes: int
    layout: str
    class_names: tuple[str, ...]
    dealt: tuple[str, ...]
    split_seed: int | None
    created_at: datetime
    is_deleted: bool = False

    @property
    def name(self) -> str:
        """Name in requests."""
        return self.facts.name


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
