"""Architecture families by name; one module each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from search_space.families import dscnn, mobilenetv2, resnet, vgg
from search_space.families.family import Family

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {
        "mobilenetv2": mobilenetv2.FAMILY,
        "resnet": resnet.FAMILY,
        "dscnn": dscnn.FAMILY,
        "vgg": vgg.FAMILY,
    }
)
"""Every family a declared space may name."""
