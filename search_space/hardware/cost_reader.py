"""Reads what layers cost on a device: the part ``cost`` of a profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from search_space.bits import SUPPORTED_BITS
from search_space.hardware.checks import Checks
from search_space.hardware.document import Node
from search_space.hardware.profile import (
    MAC_KINDS,
    BitSerial,
    Effort,
    Lookup,
    MacKind,
    Pair,
    PerMac,
    Rates,
    Term,
)
from search_space.hardware.table_reader import read_lookup

_TIME_UNITS: Final = {"ns": 1.0, "us": 1e3, "ms": 1e6}
_ENERGY_UNITS: Final = {"pJ": 1.0, "nJ": 1e3, "uJ": 1e6, "mJ": 1e9}
_MOST_RATE: Final = 1e15
_SLOWEST_MHZ, _FASTEST_MHZ = 1e-3, 1e6

_MOVED: Final[tuple[Term, ...]] = ("input_byte", "output_byte", "layer")
_PARTS: Final = {
    "per_mac": ("rates",),
    "bit_serial": ("rates",),
    "lookup": ("interpolation", "columns", "table"),
}

_STAND_INS: Final[Mapping[MacKind, tuple[MacKind, ...]]] = {
    "conv": ("conv",),
    "pointwise": ("pointwise", "conv"),
    "depthwise": ("depthwise", "conv"),
    "linear": ("linear", "pointwise", "conv"),
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCost:
    """What was read.

    Attributes:
        model: Of layers that multiply.
        other: Of those that do not.
        pairs: The pairs that ``model`` has costs of, for every kind.
    """

    model: PerMac | BitSerial | Lookup
    other: Effort
    pairs: Mapping[MacKind, frozenset[Pair]]


def for_every_kind(named: Mapping[MacKind, T]) -> dict[MacKind, T]:
    """Return what was said of each kind, or of the nearest more general kind."""
    return {
        kind: named[source]
        for kind in MAC_KINDS
        if (source := next((k for k in _STAND_INS[kind] if k in named), None)) is not None
    }


def read_cost(node: Node, checks: Checks) -> ReadCost | None:
    """Return the cost model, ``None`` where there is nothing to be read."""
    common = ("model", "time_unit", "clock_mhz", "energy_unit", "other")
    model = None
    if node.text is None and "model" in node.fields:
        model = checks.word(node.fields["model"], tuple(_PARTS), None)
        if model is None:
            return None
    parts = _PARTS[model] if model else ()
    if not checks.is_mapping(node, (*common, *parts), required=("model", *parts)):
        return None
    if model is None or any(part not in node.fields for part in parts):
        return None
    units = (_time_unit(node, checks), _energy_unit(node, checks))
    other = Effort(time=Rates(), energy=Rates())
    if "other" in node.fields and checks.is_mapping(node.fields["other"], ("time", "energy")):
        other = _effort(node.fields["other"], _MOVED, units, checks)
    match model:
        case "lookup":
            return _lookup(node, other, units, checks)
        case "per_mac":
            return _per_mac(node.fields["rates"], other, units, checks)
        case _:
            return _bit_serial(node.fields["rates"], other, units, checks)


def _lookup(
    node: Node, other: Effort, units: tuple[float, float], checks: Checks
) -> ReadCost | None:
    lookup = read_lookup(node, checks, units)
    if lookup is None:
        return None
    pairs: dict[MacKind, frozenset[Pair]] = {}
    for kind, rows in lookup.groups.items():
        pairs[kind] = frozenset(pair for pair, _, _ in rows)
    filled = Lookup(
        over=lookup.over,
        method=lookup.method,
        outside=lookup.outside,
        groups=for_every_kind(lookup.groups),
        has_kernel=lookup.has_kernel,
        has_stride=lookup.has_stride,
    )
    return ReadCost(model=filled, other=other, pairs=_pairs_of_every_kind(pairs))


def _per_mac(node: Node, other: Effort, units: tuple[float, float], checks: Checks) -> ReadCost:
    efforts: dict[MacKind, dict[Pair, Effort]] = {}
    for row in checks.items(node):
        keys = ("kinds", "bits", "time", "energy")
        if not checks.is_mapping(row, keys, required=("bits", "time")):
            continue
        effort = _effort(row, ("mac", "weight_byte", *_MOVED), units, checks)
        pair = checks.pair(row.fields["bits"]) if "bits" in row.fields else None
        if pair is None:
            continue
        for kind in _kinds(row, checks):
            known = efforts.setdefault(kind, {})
            if pair in known:
                checks.add(row, "duplicate", f"says {kind} at {list(pair)} again")
            known[pair] = effort
    pairs = {kind: frozenset(known) for kind, known in efforts.items()}
    return ReadCost(
        model=PerMac(efforts=for_every_kind(efforts)),
        other=other,
        pairs=_pairs_of_every_kind(pairs),
    )


def _bit_serial(node: Node, other: Effort, units: tuple[float, float], checks: Checks) -> ReadCost:
    efforts: dict[MacKind, Effort] = {}
    for row in checks.items(node):
        if not checks.is_mapping(row, ("kinds", "time", "energy"), required=("time",)):
            continue
        effort = _effort(row, ("bit_operation", "weight_byte", *_MOVED), units, checks)
        for kind in _kinds(row, checks):
            if kind in efforts:
                checks.add(row, "duplicate", f"says {kind} again")
            efforts[kind] = effort
    every_pair: frozenset[Pair] = frozenset((w, a) for w in SUPPORTED_BITS for a in SUPPORTED_BITS)
    pairs = dict.fromkeys(efforts, every_pair)
    return ReadCost(
        model=BitSerial(efforts=for_every_kind(efforts)),
        other=other,
        pairs=_pairs_of_every_kind(pairs),
    )


def _pairs_of_every_kind(
    named: Mapping[MacKind, frozenset[Pair]],
) -> dict[MacKind, frozenset[Pair]]:
    none: frozenset[Pair] = frozenset()
    return dict.fromkeys(MAC_KINDS, none) | for_every_kind(named)


def _kinds(row: Node, checks: Checks) -> list[MacKind]:
    if "kinds" not in row.fields:
        return ["conv"]
    kinds = [checks.mac_kind(item) for item in checks.items(row.fields["kinds"])]
    return [kind for kind in dict.fromkeys(kinds) if kind is not None]


def _effort(
    node: Node, terms: Sequence[Term], units: tuple[float, float], checks: Checks
) -> Effort:
    time, energy = (
        _rates(node.fields.get(key), terms, unit, checks)
        for key, unit in zip(("time", "energy"), units, strict=True)
    )
    return Effort(time=time, energy=energy)


def _rates(node: Node | None, terms: Sequence[Term], unit: float, checks: Checks) -> Rates:
    if node is None or not checks.is_mapping(node, terms):
        return Rates()
    given = {t: checks.number(node.fields[t], 0, _MOST_RATE) for t in terms if t in node.fields}
    return Rates(**{term: value * unit for term, value in given.items() if value is not None})


def _time_unit(node: Node, checks: Checks) -> float:
    """Return the nanoseconds of the unit of time."""
    unit = checks.word(node.fields.get("time_unit"), (*_TIME_UNITS, "cycles"), "ns")
    clock = node.fields.get("clock_mhz")
    if unit != "cycles":
        if clock is not None and unit is not None:
            checks.add(clock, "not_allowed", "is for times in cycles alone")
        return _TIME_UNITS[unit or "ns"]
    if clock is None:
        checks.add(node.fields["time_unit"], "missing", "needs clock_mhz beside it")
        return 1.0
    return 1e3 / (checks.number(clock, _SLOWEST_MHZ, _FASTEST_MHZ) or 1.0)


def _energy_unit(node: Node, checks: Checks) -> float:
    """Return the picojoules of the unit of energy."""
    unit = checks.word(node.fields.get("energy_unit"), tuple(_ENERGY_UNITS), "pJ")
    return _ENERGY_UNITS[unit or "pJ"]
