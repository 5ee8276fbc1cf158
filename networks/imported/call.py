"""One operation of a graph with its arguments, as the operators' functions see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from networks.imported.drafts import Drafts, Floats, UnsupportedError, Value
from networks.imported.program import Argument, Node, Ref, Symbol
from networks.imported.tensors import Weights

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
_MOST_NAME: Final = 120
_TAKEN: Final = ("input", "pool")
"""First parts of names that bit genes and every layer list use for something else."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A parameter or buffer in the graph: its name in the module, and whether it is transposed."""

    name: str
    transposed: bool = False


Bound = Value | Matrix | Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A node, what its names stand for, and the layers so far."""

    node: Node
    bound: Mapping[str, Bound]
    drafts: Drafts
    tensors: Weights

    @property
    def in_place(self) -> bool:
        """Whether the operator writes into its first argument."""
        return self.node.target.split(".")[-2].endswith("_")

    @property
    def node_name(self) -> str:
        """A name for a layer without weights."""
        return _usable(self.node.outputs[0] if self.node.outputs else "", "layer")

    def layer_name(self, argument: str) -> str:
        """Return the module's name of the layer with this weight, ``block.c1`` of its weight."""
        owner = self.matrix(argument).name.rpartition(".")[0]
        return _usable(owner, self.node_name)

    def given(self, name: str) -> bool:
        """Return whether an argument is there and not ``None``."""
        return self.node.arguments.get(name) is not None

    def argument(self, name: str, default: Argument) -> Argument:
        """Return an argument as it is."""
        return self.node.arguments.get(name, default)

    def number(self, name: str, *, default: int | None = None) -> int:
        """Return an integer."""
        match self.argument(name, default):
            case bool():
                pass
            case int(number) | (int(number),):
                return number
        raise self._wrong(name, "an integer")

    def real(self, name: str, *, default: float) -> float:
        """Return a number."""
        match self.argument(name, default):
            case bool():
                pass
            case int(number) | float(number):
                return float(number)
        raise self._wrong(name, "a number")

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value."""
        flag = self.argument(name, default)
        if not isinstance(flag, bool):
            raise self._wrong(name, "true or false")
        return flag

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of integers; one integer is a list of one."""
        match self.argument(name, None):
            case bool():
                pass
            case int(number):
                return (number,)
            case tuple(items) if all(type(item) is int for item in items):
                return items
        raise self._wrong(name, "integers")

    def sizes(self, name: str) -> tuple[int | None, ...]:
        """Return a list of integers with ``None`` for those that are not fixed."""
        given = self.argument(name, None)
        if not isinstance(given, tuple):
            raise self._wrong(name, "a list of sizes")
        return tuple(item if type(item) is int else None for item in given)

    def square(self, name: str, *, default: int) -> int:
        """Return the number that holds for rows and columns alike."""
        values = self.numbers(name) if name in self.node.arguments else (default,)
        if not 1 <= len(values) <= 2 or len(set(values)) != 1:
            raise UnsupportedError(f"{name} {values} differs between rows and columns")
        return values[0]

    def value(self, name: str) -> Value:
        """Return a tensor that depends on the image.

        Raises:
            UnsupportedError: If it is a parameter or a number, or was changed since.
        """
        bound = self._bound(name)
        if isinstance(bound, Matrix) and self.in_place:
            raise UnsupportedError(
                f"changes {bound.name!r}: call eval() on the module before exporting it"
            )
        if not isinstance(bound, Value):
            raise UnsupportedError(f"{name} must be computed from the image, not stored")
        self.drafts.check_current(bound)
        changed = (bound.step, bound.frame, bound.channel_padding) != ((1, 1), (0, 0), (0, 0))
        if self.in_place and changed:
            raise UnsupportedError("may not write into a slice or a padded tensor")
        return bound

    def value_written(self) -> Value:
        """Return the value that an in-place operator writes into, as it is now."""
        bound = self._bound("self")
        if not isinstance(bound, Value):
            raise UnsupportedError("may not write into a parameter")
        return bound

    def settled(self, name: str) -> Value:
        """Return a tensor that is a layer's whole output."""
        return self.drafts.settle(self.value(name), self.node_name)

    def image(self, name: str) -> Value:
        """Return a tensor with rows and columns that is a layer's whole output."""
        value = self.settled(name)
        if value.flat:
            raise UnsupportedError(f"{name} must be (N, C, H, W), not flattened")
        return value

    def framed(self, name: str) -> Value:
        """Return a tensor with rows and columns that may have zeros around it."""
        value = self.value(name)
        return value if value.frame != (0, 0) and not value.flat else self.image(name)

    def weight(self, name: str) -> Floats:
        """Return a parameter with its stored numbers."""
        matrix = self.matrix(name)
        stored = self.tensors.read(matrix.name)
        return np.ascontiguousarray(stored.T) if matrix.transposed else stored

    def bias(self, name: str, n: int) -> Floats:
        """Return a parameter of one number per channel, ``(n,)``; zeros where there is none."""
        if not self.given(name):
            return np.zeros(n, dtype=np.float32)
        values = self.weight(name)
        if values.shape != (n,):
            raise UnsupportedError(f"{name} has shape {values.shape}", (f"({n},)",))
        return values

    def matrix(self, name: str) -> Matrix:
        """Return which parameter an argument is.

        Raises:
            UnsupportedError: If it is not a stored one.
        """
        bound = self._bound(name)
        if not isinstance(bound, Matrix):
            raise UnsupportedError(f"{name} must be a stored parameter, not computed")
        return bound

    def _bound(self, name: str) -> Bound:
        argument = self.node.arguments.get(name)
        if not isinstance(argument, Ref) or argument.name not in self.bound:
            raise self._wrong(name, "a tensor")
        return self.bound[argument.name]

    def _wrong(self, name: str, expected: str) -> UnsupportedError:
        return UnsupportedError(f"{name} must be {expected}")


def transposed(call: Call) -> Matrix:
    """Return the transpose of a matrix of weights."""
    matrix = call.matrix("self")
    dims = [call.number(name, default=i) for i, name in enumerate(("dim0", "dim1"))]
    if call.given("dims"):
        dims = list(call.numbers("dims"))
        if dims != [1, 0]:
            raise UnsupportedError(f"permutes to {dims}", ("(1, 0), a matrix of weights",))
    elif sorted(dim % 2 for dim in dims) != [0, 1]:
        raise UnsupportedError("must swap both dimensions of a matrix of weights")
    return Matrix(matrix.name, not matrix.transposed)


def _usable(name: str, otherwise: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > _MOST_NAME:
        return otherwise
    return f"{name}_" if name in _TAKEN else name
