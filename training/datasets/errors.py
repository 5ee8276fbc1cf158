"""Why a data set could not be loaded; each class says what to do."""

from collections.abc import Sequence

from search.errors import BitparetoError


class DatasetError(BitparetoError):
    """Root of everything the loaders raise on purpose."""


class UnknownDatasetError(DatasetError, LookupError):
    """No data set of that name; the caller must change the request."""

    def __init__(self, name: str, allowed: Sequence[str]) -> None:
        self.name = name
        self.allowed = tuple(allowed)
        super().__init__(f"data set {name!r} is not one of {', '.join(allowed)}")


class DatasetUnavailableError(DatasetError, LookupError):
    """The files are in none of the known places; put them there, or allow the download.

    Attributes:
        name: The data set.
        looked_at: Every place that was tried, with what was found there.
        advice: What a person can do.
    """

    def __init__(self, name: str, looked_at: Sequence[str], advice: str) -> None:
        self.name = name
        self.looked_at = tuple(looked_at)
        self.advice = advice
        places = "".join(f"\n  - {place}" for place in looked_at)
        super().__init__(f"data set {name!r} was not found. Looked at:{places}\n{advice}")


class DatasetFormatError(DatasetError, ValueError):
    """A file is not in the layout its name promises; replace the file, do not retry."""

    def __init__(self, where: object, detail: str) -> None:
        self.where = str(where)
        self.detail = detail
        super().__init__(f"{where}: {detail}")
