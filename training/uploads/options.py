"""What an upload may ask for, and how it is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from search.errors import FieldProblem, InvalidRequestError
from training.stratify import SPLIT_SEED

SPLITS: Final = ("train", "validation", "test")
SPLIT_NAMES: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
}
"""What people call splits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an upload is read.

    Attributes:
        height: Images are brought to this height and width; ``None`` asks for equal ones.
        width: See ``height``.
        channels: 1 or 3; ``None`` takes those of the first image.
        validation_fraction: Of the training images, where the upload has no validation split.
        test_fraction: Likewise for the test split.
        split_seed: Of both.
    """

    height: int | None = None
    width: int | None = None
    channels: int | None = None
    validation_fraction: float = 0.1
    test_fraction: float = 0.1
    split_seed: int = SPLIT_SEED

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width that every image gets, where they are stated."""
        return None if self.height is None or self.width is None else (self.height, self.width)


def options_of(fields: Mapping[str, Any]) -> Options:
    """Return the options of their fields as JSON has them."""
    return Options(**fields)


def refusal(
    place: str, code: str, detail: str, allowed: tuple[str, ...] = ()
) -> InvalidRequestError:
    """Return the error for one mistake at a place of the upload."""
    return InvalidRequestError([FieldProblem(shown(place), code, detail, allowed)])


def shown(name: str) -> str:
    """Return a name of the upload's as it may be told: short and printable."""
    return name[:200].encode("ascii", "backslashreplace").decode()
