"""Reading declared JSON field by field, collecting every problem instead of the first."""

import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

from search_space.errors import SpaceProblem

Number = TypeVar("Number", int, float)

_MOST_LISTED: Final = 10
_MOST_SHOWN: Final = 40
_MOST_BITS_SHOWN: Final = 1024
"""Python writes no integer of more than some thousand digits."""
_RANGE_KEYS: Final = ("min", "max", "step")


class Problems:
    """The problems found so far, in the order they were met."""

    def __init__(self) -> None:
        self.found: list[SpaceProblem] = []

    def add(self, pointer: str, code: str, detail: str, allowed: tuple[str, ...] = ()) -> None:
        """Record one problem."""
        self.found.append(SpaceProblem(pointer, code, detail, allowed))


class Fields:
    """One JSON object of a declaration.

    Every reading method returns a usable value whatever was declared: when the field is wrong, the
    problem is recorded and the default comes back, so that the remaining fields are checked too.
    """

    def __init__(self, declared: object, pointer: str, problems: Problems) -> None:
        self._pointer = pointer
        self.problems = problems
        self._values: Mapping[str, Any] = {}
        if isinstance(declared, Mapping):
            self._values = declared
        else:
            problems.add(pointer, "type", f"must be an object, not {_kind(declared)}")

    def pointer(self, *path: str | int) -> str:
        """Return the JSON pointer of a place in this object."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
        pointer = "".join((self._pointer, *(f"/{step}" for step in steps)))
        # half of a surrogate pair, which JSON can hold, would not be sent
        return pointer.encode(errors="backslashreplace").decode()

    def only(self, keys: Sequence[str]) -> None:
        """Record a problem for each key not in ``keys``."""
        for key in self._values:
            if key not in keys:
                self.problems.add(
                    self.pointer(key), "unknown_key", "is not a key here", tuple(keys)
                )

    def is_null(self, key: str) -> bool:
        """Return whether the key is there with the value ``null``."""
        return key in self._values and self._values[key] is None

    def value(self, key: str) -> Any:
        """Return what was declared, whatever it is; absent means ``None``."""
        return self._values.get(key)

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return an object's fields as declared; absent means empty."""
        value = self._values.get(key, {})
        if isinstance(value, Mapping):
            return value
        self.problems.add(self.pointer(key), "type", f"must be an object, not {_kind(value)}")
        return {}

    def objects(self, key: str, default: Sequence[Any], most: int) -> list["Fields"]:
        """Return the objects of a list of 1 to ``most``, each to be read in its turn."""
        items = self._items(key, default, most)
        read = [Fields(item, self.pointer(key, i), self.problems) for i, item in enumerate(items)]
        # of what is no object one problem is enough, so its fields are not asked for
        return [
            fields for fields, item in zip(read, items, strict=True) if isinstance(item, Mapping)
        ]

    def word(self, key: str, default: str | None, allowed: tuple[str, ...]) -> str:
        """Return one of ``allowed``; ``default=None`` makes the key required."""
        value = self._values.get(key, default)
        if key not in self._values and default is None:
            self.problems.add(self.pointer(key), "missing", "is required", allowed)
        elif not isinstance(value, str) or value not in allowed:
            self.problems.add(
                self.pointer(key), "not_allowed", f"cannot be {_shown(value)}", allowed
            )
        else:
            return value
        return default or ""

    def integer(self, key: str, default: int | None, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``; ``default=None`` makes the key required."""
        fallback = low if default is None else default
        if key not in self._values:
            if default is None:
                self.problems.add(
                    self.pointer(key), "missing", "is required", _listed(range(low, high + 1))
                )
            return fallback
        value = self._values[key]
        fits = self._is_integer(value, self.pointer(key), range(low, high + 1))
        return value if fits else fallback

    def integer_or_word(
        self, key: str, default: int | None, among: Sequence[int], word: str
    ) -> int | None:
        """Return an integer among some, or ``None`` for ``word``."""
        value = self._values.get(key, word if default is None else default)
        if value == word:
            return None
        fits = self._is_integer(value, self.pointer(key), among, (*_listed(among), word))
        return value if fits else default

    def integers(
        self, key: str, default: tuple[int, ...] | None, low: int, high: int
    ) -> tuple[int, ...]:
        """Return different integers from ``low`` to ``high``, ascending.

        They are declared as a list or a range. ``default=None`` makes the key required.
        """
        if default is None:
            default = (low,)
            if key not in self._values:
                allowed = (f"list of {low} to {high}",)
                self.problems.add(self.pointer(key), "missing", "is required", allowed)
        return self.integers_among(key, default, range(low, high + 1))

    def integers_among(
        self, key: str, default: tuple[int, ...], among: Sequence[int]
    ) -> tuple[int, ...]:
        """Return different integers among some, ascending, declared as a list or a range.

        A range lies within the leading integers of ``among`` that have no gap.
        """
        if self._is_range(key):
            gapless = next((n for n, x in enumerate(among) if x != among[0] + n), len(among))
            return self._integer_range(key, default, among[:gapless])
        items = self._items(key, default, len(among))
        fits = [self._is_integer(x, self.pointer(key, i), among) for i, x in enumerate(items)]
        return self._ascending(key, items, fits, default)

    def numbers(self, key: str, default: tuple[float, ...], most: int) -> tuple[float, ...]:
        """Return different numbers above zero, ascending, declared as a list or a range."""
        if self._is_range(key):
            return self._number_range(key, default, most)
        items = self._items(key, default, most)
        fits = [self._is_positive(x, self.pointer(key, i)) for i, x in enumerate(items)]
        return self._ascending(key, items, fits, default)

    def _is_range(self, key: str) -> bool:
        return isinstance(self._values.get(key), Mapping)

    def _integer_range(
        self, key: str, default: tuple[int, ...], among: Sequence[int]
    ) -> tuple[int, ...]:
        fields = self._range_fields(key, ())
        before = len(self.problems.found)
        low = fields.integer("min", None, among[0], among[-1])
        high = fields.integer("max", None, among[0], among[-1])
        step = fields.integer("step", 1, 1, max(1, among[-1] - among[0]))
        if len(self.problems.found) == before and fields._is_ordered(low, high):
            return tuple(range(low, high + 1, step))
        return default

    def _number_range(self, key: str, default: tuple[float, ...], most: int) -> tuple[float, ...]:
        fields = self._range_fields(key, ("min", "max", "step"))
        before = len(self.problems.found)
        declared = [fields._values.get(name, 1.0) for name in _RANGE_KEYS]
        for name, value in zip(_RANGE_KEYS, declared, strict=True):
            fields._is_positive(value, fields.pointer(name))
        if len(self.problems.found) > before or not fields._is_ordered(declared[0], declared[1]):
            return default
        # in decimal, as they are written: ten steps of 0.1 end at 1
        low, high, step = (Decimal(repr(value)) for value in declared)
        if (high - low) / step >= most:
            detail = f"has more than {most} entries, at most {most} fit"
            self.problems.add(self.pointer(key), "too_long", detail)
            return default
        n_steps = int((high - low) / step)
        return tuple(float(low + i * step) for i in range(n_steps + 1))

    def _range_fields(self, key: str, required: Sequence[str]) -> "Fields":
        fields = Fields(self._values[key], self.pointer(key), self.problems)
        fields.only(_RANGE_KEYS)
        for name in required:
            if name not in fields._values:
                self.problems.add(fields.pointer(name), "missing", "is required")
        return fields

    def _is_ordered(self, low: float, high: float) -> bool:
        if low > high:
            detail = f"cannot be {_shown(high)}"
            self.problems.add(self.pointer("max"), "out_of_range", detail, (f"from {low:g}",))
        return low <= high

    def _items(self, key: str, default: Sequence[Any], most: int) -> Sequence[Any]:
        value = self._values.get(key, default)
        if not isinstance(value, (list, tuple)):
            self.problems.add(self.pointer(key), "type", f"must be a list, not {_kind(value)}")
        elif not value:
            self.problems.add(self.pointer(key), "empty", "needs at least one entry")
        elif len(value) > most:
            self.problems.add(
                self.pointer(key), "too_long", f"has {len(value)} entries, at most {most} fit"
            )
        else:
            return value
        return default

    def _ascending(
        self, key: str, items: Sequence[Number], fits: list[bool], default: tuple[Number, ...]
    ) -> tuple[Number, ...]:
        if not all(fits):
            return default
        for i, item in enumerate(items):
            if item in items[:i]:
                self.problems.add(self.pointer(key, i), "duplicate", f"{item} is there already")
        return tuple(sorted(set(items)))

    def _is_integer(
        self, value: object, pointer: str, among: Sequence[int], allowed: tuple[str, ...] = ()
    ) -> bool:
        allowed = allowed or _listed(among)
        # bool is a subclass of int, yet `true` is no bit-width
        if not isinstance(value, int) or isinstance(value, bool):
            self.problems.add(pointer, "type", f"must be an integer, not {_kind(value)}", allowed)
            return False
        if value not in among:
            self.problems.add(pointer, "out_of_range", f"cannot be {_shown(value)}", allowed)
            return False
        return True

    def _is_positive(self, value: object, pointer: str) -> bool:
        allowed = ("above 0",)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            self.problems.add(pointer, "type", f"must be a number, not {_kind(value)}", allowed)
            return False
        # an integer beyond all floats is as little use as infinity
        if not 0 < value <= sys.float_info.max:
            self.problems.add(pointer, "out_of_range", f"cannot be {_shown(value)}", allowed)
            return False
        return True


def _listed(among: Sequence[int]) -> tuple[str, ...]:
    """Return what may be written, each value where these are few."""
    if len(among) <= _MOST_LISTED:
        return tuple(str(value) for value in among)
    return (f"{among[0]} to {among[-1]}",)


def _kind(value: object) -> str:
    """Return the JSON type of a value, as people call it."""
    if value is None:
        return "null"
    kinds = {bool: "a truth value", int: "an integer", float: "a number", str: "a string"}
    if type(value) in kinds:
        return kinds[type(value)]
    return "an object" if isinstance(value, Mapping) else "a list"


def _shown(value: object) -> str:
    """Return a value as it may stand in a message, cut when long."""
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_SHOWN:
        return "an integer that large"
    text = repr(value) if isinstance(value, (str, int, float)) else _kind(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."
