"""Fronts and trials as pandas data frames; pandas is an optional extra."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bitpareto.errors import MissingExtraError
from bitpareto.types import Front, Trial

if TYPE_CHECKING:
    import pandas as pd

_NOT_FLAT = {"layers", "size_breakdown"}


def trials_frame(trials: Iterable[Trial]) -> "pd.DataFrame":
    """Return one row per trial, with the columns of the CSV export, such as ``costs.macs``."""
    return _frame([_row(trial) for trial in trials])


def front_frame(front: Front) -> "pd.DataFrame":
    """Return one row per point: those of its trial, its intervals and its replicates' spread."""
    return _frame(
        [
            {**_row(point.trial), **point.model_dump(exclude={"trial"}, exclude_none=True)}
            for point in front.points
        ]
    )


def _row(trial: Trial) -> dict[str, Any]:
    return trial.model_dump(exclude=_NOT_FLAT)


def _frame(rows: list[dict[str, Any]]) -> "pd.DataFrame":
    try:
        import pandas as pd  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise MissingExtraError("pandas", "pandas") from error
    return pd.json_normalize(rows)
