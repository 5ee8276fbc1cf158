"""Where data sets may lie and where decoded or downloaded files are kept."""

import os
from collections.abc import Mapping
from pathlib import Path


def data_dirs(environment: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Folders of data sets: ``BITPARETO_DATA_DIR``, else ``../shared/data`` when it exists."""
    environment = os.environ if environment is None else environment
    named = environment.get("BITPARETO_DATA_DIR")
    if named:
        return (Path(named),)
    beside = Path("../shared/data")
    return (beside.resolve(),) if beside.is_dir() else ()


def cache_dir(environment: Mapping[str, str] | None = None) -> Path:
    """``BITPARETO_CACHE_DIR``, else ``bitpareto`` in the user's cache folder (XDG)."""
    environment = os.environ if environment is None else environment
    if named := environment.get("BITPARETO_CACHE_DIR"):
        return Path(named)
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "bitpareto"
