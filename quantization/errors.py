"""Everything this package raises on purpose; each class carries the facts as attributes."""

from collections.abc import Sequence


class QuantizationError(Exception):
    """Root of every error this package raises on purpose."""


class BitwidthError(QuantizationError, ValueError):
    """A bit-width outside the supported set; the caller must change the request, not retry."""

    def __init__(self, bits: object, allowed: Sequence[int]) -> None:
        self.bits = bits
        self.allowed = tuple(allowed)
        super().__init__(f"bit-width {bits!r} is not one of {', '.join(map(str, allowed))}")


class UnknownQuantizerError(QuantizationError, LookupError):
    """A recipe names a quantizer that is not registered; the caller must change the recipe."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        self.name = name
        self.allowed = tuple(allowed)
        super().__init__(f"quantizer {name!r} is not one of {', '.join(allowed)}")


class FixedPointError(QuantizationError, ValueError):
    """A multiplier or bias is not finite or too large to store: the network has diverged."""

    def __init__(self, what: str, value: float, limit: float) -> None:
        self.what = what
        self.value = value
        self.limit = limit
        super().__init__(f"{what} {value!r} is not a finite number of magnitude below {limit!r}")


class ArtifactError(QuantizationError, ValueError):
    """An artifact is not what the format says; do not use the file, do not retry.

    Attributes:
        code: What kind of rule is broken, a stable snake_case word such as ``truncated``.
        detail: The rule and the offending value, for a person.
        layer: Index of the layer at fault; None for the header and the file as a whole.
    """

    def __init__(self, code: str, detail: str, *, layer: int | None = None) -> None:
        self.code = code
        self.detail = detail
        self.layer = layer
        where = "artifact" if layer is None else f"artifact, layer {layer}"
        super().__init__(f"{where}: {detail} ({code})")
