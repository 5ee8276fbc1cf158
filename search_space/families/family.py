"""What a family hands over: its genes and how a full assignment becomes a layer list."""

from collections.abc import Callable
from dataclasses import dataclass

from search_space.bits import Read
from search_space.declaration import Reader
from search_space.genes import Gene
from search_space.layers import LayerList


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A family's reading of one declaration.

    Attributes:
        genes: Every gene that may exist, single-choice ones included.
        build: Makes the layer list; what it reads are exactly the genes with effect.
    """

    genes: tuple[Gene, ...]
    build: Callable[[Read], LayerList]


Family = Callable[[Reader, tuple[int, int, int], int], Declared]
"""Reads a declaration for an input shape ``(C, H, W)`` and a number of classes."""
