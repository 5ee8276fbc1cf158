"""What a server says of itself."""

from typing import Literal

from bitpareto.types.base import Open, ResponseModel
from bitpareto.types.searches import Limits


class DatasetMeta(ResponseModel):
    """A data set a search may name."""

    name: str
    input_shape: tuple[int, int, int]
    """``(C, H, W)``."""
    n_classes: int
    n_train: int
    n_validation: int
    n_test: int


class ObjectiveMeta(ResponseModel):
    """An objective a search may name."""

    name: str
    direction: Open[Literal["up", "down"]]
    exact: bool
    """Known from the candidate alone, before training."""
    scale: Open[Literal["linear", "log2"]]
    """Scale on which hypervolume is measured."""
    unit: str
    needs_hardware: bool = False
    """Only a search that names a hardware profile may have it."""


class PageMeta(ResponseModel):
    """Sizes of pages."""

    default_limit: int
    max_limit: int


class Meta(ResponseModel):
    """Version, choices and limits of a server."""

    version: str
    families: list[str]
    weight_bits: list[int]
    activation_bits: list[int]
    datasets: list[DatasetMeta]
    objectives: list[ObjectiveMeta]
    strategies: list[str]
    quantizers: list[str]
    weight_granularities: list[str]
    default_limits: Limits
    pages: PageMeta


class ProblemMeta(ResponseModel):
    """One kind of error."""

    status: int
    code: str
    title: str


class Health(ResponseModel):
    """A process that answers."""

    status: Open[Literal["ok"]]
    version: str
