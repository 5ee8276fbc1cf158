"""Reads tables of measured layers: the model ``lookup`` of a profile's costs."""

import math
from typing import Final, get_args

from search_space.hardware.checks import Checks
from search_space.hardware.document import Node
from search_space.hardware.profile import Group, Key, Lookup, MacKind, Measured

_KEYS: Final[tuple[Key, ...]] = get_args(Key)
_REQUIRED: Final = ("kind", "weight_bits", "activation_bits", "time")
_COLUMNS: Final = (*_REQUIRED, "energy", "kernel", "stride", *_KEYS)
_MOST: Final = 2**50
_LEAST_COST, _MOST_COST = 1e-12, 1e15

_Groups = dict[MacKind, dict[Group, dict[tuple[float, ...], Measured]]]


def read_lookup(node: Node, checks: Checks, units: tuple[float, float]) -> Lookup | None:
    """Return a table.

    Args:
        node: The cost, with ``interpolation``, ``columns`` and ``table``.
        checks: Takes problems.
        units: Nanoseconds and picojoules of the table's units.
    """
    rule = node.fields["interpolation"]
    required = ("method", "over", "outside")
    if not checks.is_mapping(rule, required, required=required):
        return None
    columns = _columns(node.fields["columns"], checks)
    method = checks.word(rule.fields.get("method"), ("nearest", "log_linear"), None)
    rules = ("linear", "nearest", "refuse") if method == "log_linear" else ("nearest", "refuse")
    outside = checks.word(rule.fields.get("outside"), rules, None)
    over = _over(rule.fields["over"], columns, method, checks) if "over" in rule.fields else ()
    if not (columns and method and outside and over):
        return None
    groups: _Groups = {}
    for row in checks.items(node.fields["table"]):
        _read_row(row, columns, over, units, groups, checks)
    return Lookup(
        over=over,
        method="nearest" if method == "nearest" else "log_linear",
        outside="linear"
        if outside == "linear"
        else "nearest"
        if outside == "nearest"
        else "refuse",
        groups={
            kind: {
                group: tuple(rows[keys] for keys in sorted(rows))
                for group, rows in by_group.items()
            }
            for kind, by_group in groups.items()
        },
        has_kernel="kernel" in columns,
        has_stride="stride" in columns,
    )


def _columns(node: Node, checks: Checks) -> tuple[str, ...]:
    """Return the names of the columns; none where one is wrong."""
    names = [checks.word(item, _COLUMNS, None) for item in checks.items(node)]
    known = tuple(name for name in names if name is not None)
    if len(set(known)) < len(known):
        checks.add(node, "duplicate", "names a column twice")
        return ()
    for name in _REQUIRED:
        if name not in known:
            checks.add(node, "missing", f"needs {name}")
    complete = len(known) == len(names) and all(name in known for name in _REQUIRED)
    return known if complete else ()


def _over(
    node: Node, columns: tuple[str, ...], method: str | None, checks: Checks
) -> tuple[Key, ...]:
    over: list[Key] = []
    for item in checks.items(node):
        key = next((key for key in _KEYS if key == item.text and key in columns), None)
        if key is None or key in over:
            allowed = [key for key in _KEYS if key in columns and key not in over]
            detail = f"cannot be {item.kind}: it is a column, and named once"
            checks.add(item, "not_allowed", detail, allowed)
        else:
            over.append(key)
    if method == "log_linear" and len(over) > 1:
        checks.add(node, "too_long", "is one column for log_linear")
    return tuple(over)


def _read_row(
    row: Node,
    columns: tuple[str, ...],
    over: tuple[Key, ...],
    units: tuple[float, float],
    groups: _Groups,
    checks: Checks,
) -> None:
    """Put one row into its group, or record why it cannot be read."""
    if not row.is_list or len(row.items) != len(columns):
        checks.add(row, "type", f"must be a list of {len(columns)} entries, as columns has")
        return
    cells = dict(zip(columns, row.items, strict=True))
    kind = checks.mac_kind(cells["kind"])
    weight_bits, activation_bits = (
        checks.bits(cells[name]) for name in ("weight_bits", "activation_bits")
    )
    costs = {
        name: checks.number(cells[name], _LEAST_COST, _MOST_COST)
        for name in ("time", "energy")
        if name in cells
    }
    sizes = {
        name: checks.integer(cells[name], 1, _MOST)
        for name in ("kernel", "stride", *_KEYS)
        if name in cells
    }
    numbers = {name: value for name, value in sizes.items() if value is not None}
    if (
        kind is None
        or weight_bits is None
        or activation_bits is None
        or None in costs.values()
        or len(numbers) < len(sizes)
    ):
        return
    measured = Measured(
        keys=tuple(math.log2(numbers[key]) for key in over),
        time_ns=(costs["time"] or 0) * units[0],
        energy_pj=(costs.get("energy") or 0) * units[1],
    )
    pair = (weight_bits, activation_bits)
    group = (pair, numbers.get("kernel"), numbers.get("stride"))
    rows = groups.setdefault(kind, {}).setdefault(group, {})
    if measured.keys in rows:
        detail = f"has the same {' and '.join(over)} as an earlier row of its kind and widths"
        checks.add(row, "duplicate", detail)
    rows[measured.keys] = measured
