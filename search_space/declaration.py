"""Reading a declared space: every problem is collected, with a JSON pointer to its place."""

from collections.abc import Mapping, Sequence
from typing import Any

from search_space.bits import SUPPORTED_BITS, BitPlan
from search_space.errors import SpaceProblem

COMMON_FIELDS = (
    "family",
    "weight_bits",
    "activation_bits",
    "bits_per",
    "first_layer_bits",
    "last_layer_bits",
    "fixed",
)


class Reader:
    """Reads fields of one JSON object and notes what is wrong instead of stopping at it."""

    def __init__(self, declared: Mapping[str, Any], at: str, problems: list[SpaceProblem]) -> None:
        self._declared = declared
        self._at = at
        self.problems = problems

    def unknown_fields(self, known: Sequence[str]) -> None:
        """Note every field that is not in ``known``."""
        for name in self._declared:
            if name not in known:
                self.note(name, "unknown_field", f"unknown field {name!r}", known)

    def note(self, field: str, code: str, detail: str, allowed: Sequence[object] = ()) -> None:
        """Note a problem with ``field``."""
        pointer = f"{self._at}/{field}"
        self.problems.append(SpaceProblem(pointer, code, detail, tuple(map(str, allowed))))

    def integer(self, field: str, default: int, low: int, high: int) -> int:
        """Return one integer in ``low..high``."""
        value = self._declared.get(field, default)
        return default if self._bad_integer(field, value, low, high) else int(value)

    def integers(self, field: str, default: Sequence[int], low: int, high: int) -> tuple[int, ...]:
        """Return distinct integers in ``low..high``, ascending; one number stands for a list."""
        values = self._choices(field, default)
        bad = [self._bad_integer(f"{field}/{i}", v, low, high) for i, v in enumerate(values)]
        return tuple(default) if any(bad) or not values else tuple(sorted({int(v) for v in values}))

    def numbers(self, field: str, default: Sequence[float]) -> tuple[float, ...]:
        """Return distinct positive numbers, ascending."""
        values = self._choices(field, default)
        bad = False
        for i, value in enumerate(values):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and 0 < value < float("inf")):
                self.note(f"{field}/{i}", "not_positive", f"{value!r} is not a positive number")
                bad = True
        return tuple(default) if bad or not values else tuple(sorted({float(v) for v in values}))

    def one_of(self, field: str, default: str, allowed: Sequence[str]) -> str:
        """Return one of ``allowed``."""
        value = self._declared.get(field, default)
        if value not in allowed:
            self.note(field, "not_allowed", f"{value!r} is not one of {list(allowed)}", allowed)
            return default
        return str(value)

    def bits(self, field: str) -> tuple[int, ...]:
        """Return a non-empty set of supported bit-widths, ascending."""
        values = self._choices(field, SUPPORTED_BITS)
        bad = False
        for i, value in enumerate(values):
            if isinstance(value, bool) or value not in SUPPORTED_BITS:
                detail = f"{value!r} bits are not supported; allowed: {list(SUPPORTED_BITS)}"
                self.note(f"{field}/{i}", "bits_not_supported", detail, SUPPORTED_BITS)
                bad = True
        return SUPPORTED_BITS if bad or not values else tuple(sorted(set(values)))

    def conventional_bits(self, field: str) -> int | None:
        """Return the width of a first or last layer; ``None`` for ``"searched"``."""
        value = self._declared.get(field, 8)
        if value == "searched":
            return None
        if isinstance(value, bool) or value not in SUPPORTED_BITS:
            allowed = (*SUPPORTED_BITS, "searched")
            self.note(field, "bits_not_supported", f"{value!r} is not allowed", allowed)
            return 8
        return int(value)

    def objects(self, field: str, default: Sequence[Mapping[str, Any]]) -> list["Reader"]:
        """Return a reader for each object of a non-empty list."""
        values = self._declared.get(field, default)
        if not isinstance(values, (list, tuple)) or not values:
            self.note(field, "not_a_list", "must be a non-empty list of objects")
            return []
        readers = []
        for i, value in enumerate(values):
            if isinstance(value, Mapping):
                readers.append(Reader(value, f"{self._at}/{field}/{i}", self.problems))
            else:
                self.note(f"{field}/{i}", "not_an_object", f"{value!r} is not an object")
        return readers

    def mapping(self, field: str) -> Mapping[str, Any]:
        """Return an object, empty when absent."""
        value = self._declared.get(field, {})
        if isinstance(value, Mapping):
            return value
        self.note(field, "not_an_object", f"{value!r} is not an object")
        return {}

    def _choices(self, field: str, default: Sequence[float]) -> Sequence[Any]:
        values = self._declared.get(field, default)
        if isinstance(values, (int, float)) and not isinstance(values, bool):
            return (values,)
        if not isinstance(values, (list, tuple)):
            self.note(field, "not_a_list", f"{values!r} is not a list of numbers")
            return ()
        if not values:
            self.note(field, "empty", "needs at least one choice")
        return values

    def _bad_integer(self, field: str, value: object, low: int, high: int) -> bool:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            detail = f"{value!r} is not an integer from {low} to {high}"
            self.note(field, "out_of_range", detail, (f"{low}..{high}",))
            return True
        return False


def read_bit_plan(reader: Reader) -> BitPlan:
    """Read the fields that say which bit-widths there are and what a bit gene covers."""
    per = reader.one_of("bits_per", "layer", ("layer", "stage", "network"))
    return BitPlan(
        weight_bits=reader.bits("weight_bits"),
        activation_bits=reader.bits("activation_bits"),
        bits_per=per,  # type: ignore[arg-type]  # one_of returned one of the three
        first_layer_bits=reader.conventional_bits("first_layer_bits"),
        last_layer_bits=reader.conventional_bits("last_layer_bits"),
    )
