"""Architecture families by name; one module each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from search_space.families import mobilenetv2, resnet
from search_space.families.family import Family

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {"mobilenetv2": mobilenetv2.FAMILY, "resnet": resnet.FAMILY}
)
"""Every family a declared space may name."""
