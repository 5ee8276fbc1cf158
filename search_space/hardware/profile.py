"""What is known of a device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

MacKind = Literal["conv", "pointwise", "depthwise", "linear"]

MAC_KINDS: Final[tuple[MacKind, ...]] = ("conv", "pointwise", "depthwise", "linear")
"""Layers that multiply: convolutions of 1x1 (``pointwise``), of one input channel per output
channel (``depthwise``), all others (``conv``), and fully connected ones."""

Pair = tuple[int, int]
"""Bits of the weights and of the tensor that the layer reads."""

Term = Literal["mac", "bit_operation", "weight_byte", "input_byte", "output_byte", "layer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What each thing a layer does takes, in nanoseconds or picojoules.

    Attributes:
        mac: One multiply-accumulate.
        bit_operation: One multiply-accumulate of one bit with one bit; a layer has
            ``macs * weight_bits * activation_bits`` of them.
        weight_byte: One byte of weights at their width, each read once.
        input_byte: One byte of the tensors read, at their width.
        output_byte: One byte of the tensor written, at its width.
        layer: Once.
    """

    mac: float = 0.0
    bit_operation: float = 0.0
    weight_byte: float = 0.0
    input_byte: float = 0.0
    output_byte: float = 0.0
    layer: float = 0.0

    def any(self) -> bool:
        """Whether anything takes something."""
        moved = self.weight_byte or self.input_byte or self.output_byte
        return bool(self.mac or self.bit_operation or moved or self.layer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Rates of one kind of layer; ``time`` in ns, ``energy`` in pJ."""

    time: Rates
    energy: Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class PerMac:
    """Cost of a layer by its multiply-accumulates and the bytes it moves, per kind and pair."""

    efforts: Mapping[MacKind, Mapping[Pair, Effort]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BitSerial:
    """Cost of a layer in proportion to weight bits x activation bits, per kind."""

    efforts: Mapping[MacKind, Effort]


Key = Literal["macs", "weights", "in_channels", "out_channels", "out_height", "out_width"]
Outside = Literal["linear", "nearest", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One row of a table.

    Attributes:
        keys: log2 of the numbers that are interpolated over, in the table's order.
        time_ns: Of the layer.
        energy_pj: Of the layer; 0 where the table has no energies.
    """

    keys: tuple[float, ...]
    time_ns: float
    energy_pj: float


Group = tuple[Pair, int | None, int | None]
"""Pair, kernel and stride; ``None`` where the table does not tell them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Cost of a layer from measured ones.

    Attributes:
        over: Names of the interpolated numbers.
        method: ``nearest``: the row at the least Euclidean distance in log2 of the keys.
            ``log_linear``: along one key, log of the cost is linear in log of the key between
            the two nearest rows.
        outside: For layers beyond the rows: ``linear`` goes on along the last two rows (one row:
            in proportion), ``nearest`` takes the nearest row, ``refuse`` rules the layer out.
        groups: Rows in ascending order of their keys, per kind and group; only rows of a layer's
            own group are looked at.
        has_kernel: Whether groups tell kernels apart.
        has_stride: Whether groups tell strides apart.
    """

    over: tuple[Key, ...]
    method: Literal["nearest", "log_linear"]
    outside: Outside
    groups: Mapping[MacKind, Mapping[Group, tuple[Measured, ...]]]
    has_kernel: bool
    has_stride: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareProfile:
    """One device.

    Attributes:
        name: Lower-case letters, digits and dashes.
        description: For people, with the source of the numbers.
        pairs: The pairs that each kind of layer can be computed at.
        flash_bytes: Largest packed file; ``None`` for no bound.
        ram_bytes: Most bytes of tensors at once; ``None`` for no bound.
        cost: Of layers that multiply.
        other: Of layers that do not; the input layer costs nothing.
    """

    name: str
    description: str
    pairs: Mapping[MacKind, frozenset[Pair]]
    flash_bytes: int | None
    ram_bytes: int | None
    cost: PerMac | BitSerial | Lookup
    other: Effort

    @property
    def weight_bits(self) -> frozenset[int]:
        """Widths of weights that some layer can have."""
        return frozenset(w for pairs in self.pairs.values() for w, _ in pairs)

    @property
    def activation_bits(self) -> frozenset[int]:
        """Widths of tensors that some layer can read."""
        return frozenset(a for pairs in self.pairs.values() for _, a in pairs)

    @property
    def has_energy(self) -> bool:
        """Whether it says anything about energy."""
        match self.cost:
            case Lookup(groups=groups):
                tables = [rows for table in groups.values() for rows in table.values()]
                return any(row.energy_pj > 0 for rows in tables for row in rows)
            case PerMac(efforts=per_mac):
                return any(e.energy.any() for efforts in per_mac.values() for e in efforts.values())
            case BitSerial(efforts=serial):
                return any(effort.energy.any() for effort in serial.values())

    def bounds(self, budgets: Mapping[str, float]) -> dict[str, float]:
        """Return budgets, those on the file and on tensors lowered to what the device has."""
        device = {"size_bytes": self.flash_bytes, "peak_activation_bytes": self.ram_bytes}
        lowered = dict(budgets)
        for cost, most in device.items():
            if most is not None:
                lowered[cost] = min(budgets.get(cost, math.inf), most)
        return lowered
