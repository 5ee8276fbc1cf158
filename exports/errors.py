"""Everything this package raises on purpose; each class carries the facts as attributes."""

from collections.abc import Sequence


class ExportError(Exception):
    """Root of every error this package raises on purpose."""


class UnknownFormatError(ExportError, LookupError):
    """There is no such export; the caller must name one that exists."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        self.name = name
        self.allowed = tuple(allowed)
        super().__init__(f"export format {name!r} is not one of {', '.join(allowed)}")


class NotExportableError(ExportError, ValueError):
    """A valid artifact that the format cannot express; no retry will help.

    Attributes:
        target: The format.
        detail: What it cannot express, for a person.
        layer: Index of the layer at fault; None for the network as a whole.
    """

    def __init__(self, target: str, detail: str, *, layer: int | None = None) -> None:
        self.target = target
        self.detail = detail
        self.layer = layer
        where = target if layer is None else f"{target}, layer {layer}"
        super().__init__(f"{where}: {detail}")


class TargetFailedError(ExportError, RuntimeError):
    """A compiler or a runtime refused what was exported: a defect of the export, or of the target.

    Attributes:
        target: What was run.
        output: The end of what it said.
    """

    def __init__(self, target: str, output: str) -> None:
        self.target = target
        self.output = output
        super().__init__(f"{target} failed: {output}")


class TargetMissingError(ExportError, LookupError):
    """What would run the export is not installed here; install it, or check elsewhere.

    Attributes:
        target: What is missing.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        super().__init__(f"{target} is not installed")
