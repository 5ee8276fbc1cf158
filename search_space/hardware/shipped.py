"""The profiles that come with the product."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def shipped_profiles() -> Mapping[str, str]:
    """Return the text of each shipped profile by name, in the order of names."""
    folder = files("search_space.hardware") / "profiles"
    found = {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }
    return MappingProxyType(dict(sorted(found.items())))
