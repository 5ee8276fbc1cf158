"""A second reader and runtime, written from ``docs/artifact-format.md`` alone, in plain Python.

It uses nothing of the package and no arrays: integers, rational numbers and loops. It trusts the
file, and is slow.
"""

import hashlib
import struct
from fractions import Fraction
from math import floor
from typing import Any

KINDS = ("input", "conv", "linear", "add", "global_avg_pool", "max_pool", "pad_channels")
NAMES = (
    *("kind", "activation", "weight_bits", "activation_bits", "flags", "encoding"),
    *("kernel", "stride", "padding", "scale_exponent", "bias_exponent", "zero_point"),
    *("groups", "out_channels", "input_0", "input_1", "output_scale"),
)

Tensor = list[list[list[int]]]  # x = q - z, [channel][row][column]


class PlainNetwork:
    """The network of one file.

    Attributes:
        header: Fields of the header by name.
        layers: Fields of each record, and what its payload holds.
    """

    def __init__(self, data: bytes) -> None:
        magic, version, n_layers, length, digest = struct.unpack_from("<4sHHQ32s", data)
        assert (magic, version, length) == (b"BPAR", 1, len(data))
        assert hashlib.sha256(data[48:]).digest() == digest
        names = ("candidate_hash", "data_hash", "seed", "height", "width", "channels", "n_classes")
        self.header = dict(
            zip(
                (*names, "code_version"),
                struct.unpack_from("<32s16sQHHHH16s", data, 48),
                strict=True,
            )
        )
        self.layers: list[dict[str, Any]] = []
        self.rest = data[128 + 24 * n_layers :]
        for index in range(n_layers):
            fields = struct.unpack_from("<BBBBBBBBBbbBHHHHf", data, 128 + 24 * index)
            layer = dict(zip(NAMES, fields, strict=True))
            layer["kind"] = KINDS[layer["kind"]]
            layer["padding"] = (layer["padding"] % 16, layer["padding"] // 16)
            reads = (layer["input_0"], layer["input_1"])
            layer["inputs"] = [self.layers[i] for i in reads if i != 65535]
            self._shape(layer)
            self._grid(layer)
            self._payload(layer)
            self.layers.append(layer)
        assert self.rest == b""

    def _shape(self, layer: dict[str, Any]) -> None:
        kind = layer["kind"]
        if kind == "input":
            sides = (self.header["height"], self.header["width"])
        elif kind in ("linear", "global_avg_pool"):
            sides = (1, 1)
        elif kind == "add":
            sides = layer["inputs"][0]["shape"][1:]
        else:
            sides = tuple(
                (side + sum(layer["padding"]) - layer["kernel"]) // layer["stride"] + 1
                for side in layer["inputs"][0]["shape"][1:]
            )
        layer["shape"] = (layer["out_channels"], *sides)

    def _grid(self, layer: dict[str, Any]) -> None:
        """The ends of the grid of the output, as q, and its zero point."""
        bits, has_zero_point = layer["activation_bits"], layer["flags"] & 4
        layer["z"] = layer["zero_point"]
        if layer["kind"] in ("max_pool", "pad_channels"):
            for name in ("q_min", "q_max", "unsigned"):
                layer[name] = layer["inputs"][0][name]
            return
        unsigned = bool(layer["activation"] or has_zero_point)
        if layer["kind"] == "global_avg_pool":
            read = layer["inputs"][0]
            unsigned = unsigned or (read["unsigned"] and not read["flags"] & 4)
        layer["unsigned"] = unsigned
        if bits == 32:
            layer["q_min"], layer["q_max"] = 0 if unsigned else 1 - 2**19, 2**19 - 1
        elif unsigned:
            layer["q_min"], layer["q_max"] = 0, 2**bits - 1
        elif bits == 1:
            layer["q_min"], layer["q_max"] = -1, 1
        else:
            layer["q_min"], layer["q_max"] = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
        if layer["activation"] == 2:
            layer["q_max"] = min(layer["q_max"], floor(6 / layer["output_scale"] + 0.5))

    def _take(self, count: int) -> bytes:
        taken, self.rest = self.rest[:count], self.rest[count:]
        assert len(taken) == count
        return taken

    def _payload(self, layer: dict[str, Any]) -> None:
        kind, n_out = layer["kind"], layer["out_channels"]
        if kind in ("conv", "linear"):
            self._weights(layer)
        n_multipliers = {"add": 2, "global_avg_pool": 1, "max_pool": 0, "pad_channels": 0}
        count = n_multipliers.get(kind, n_out)
        multipliers = struct.unpack(f"<{count}e", self._take(2 * count))
        layer["M"] = [Fraction(m) * Fraction(2) ** layer["scale_exponent"] for m in multipliers]
        layer["b"] = [Fraction(0)] * n_out
        if kind in ("input", "conv", "linear"):
            biases = struct.unpack(f"<{n_out}h", self._take(2 * n_out))
            layer["b"] = [b * Fraction(2) ** layer["bias_exponent"] for b in biases]
        if kind == "global_avg_pool":
            assert self._take(2) == b"\0\0"

    def _weights(self, layer: dict[str, Any]) -> None:
        n_out, (channels, height, width) = layer["out_channels"], layer["inputs"][0]["shape"]
        if layer["kind"] == "conv":
            n = channels // layer["groups"] * layer["kernel"] ** 2
        else:
            n = channels * height * width
        widths = [layer["weight_bits"]] * n_out
        n_width_bytes = 0
        if layer["flags"] & 1:
            n_width_bytes = (n_out + 1) // 2
            packed = self._take(n_width_bytes)
            widths = [packed[c // 2] >> 4 * (c % 2) & 15 for c in range(n_out)]
        n_bytes = (sum(n * w for w in widths) + 7) // 8
        stream = int.from_bytes(self._take(n_bytes), "little")
        if (n_width_bytes + n_bytes) % 2:
            assert self._take(1) == b"\0"
        layer["w"] = []
        for w in widths:
            row = []
            for _ in range(n):
                code, stream = stream % 2**w, stream >> w
                if layer["flags"] & 2 or w == 1:
                    row.append(2 * code - (2**w - 1))
                else:
                    row.append(code - 2**w if code >= 2 ** (w - 1) else code)
            layer["w"].append(row)
        assert stream == 0

    def logits(self, image: list[Any]) -> list[int]:
        """Logits of one image, ``[channel][row][column]`` of bytes."""
        tensors: dict[int, Tensor] = {}
        for layer in self.layers:
            reads = [tensors[id(read)] for read in layer["inputs"]] or [image]
            tensors[id(layer)] = _output(layer, reads, last=layer is self.layers[-1])
        return [channel[0][0] for channel in tensors[id(self.layers[-1])]]


def _output(layer: dict[str, Any], reads: list[Tensor], *, last: bool) -> Tensor:
    channels, height, width = layer["shape"]
    return [
        [[_element(layer, reads, last, c, r, k) for k in range(width)] for r in range(height)]
        for c in range(channels)
    ]


def _element(layer: dict[str, Any], reads: list[Tensor], last: bool, c: int, r: int, k: int) -> int:
    kind, x, stride = layer["kind"], reads[0], layer["stride"]
    if kind == "max_pool":
        return max(value for _, value in _window(layer, x[c], r, k))
    if kind == "pad_channels":
        source = c - (layer["out_channels"] - len(x)) // 2
        return x[source][r * stride][k * stride] if 0 <= source < len(x) else 0
    real: Fraction
    if kind == "add":
        real = x[c][r][k] * layer["M"][0] + reads[1][c][r][k] * layer["M"][1]
    elif kind == "global_avg_pool":
        real = sum(sum(row) for row in x[c]) * layer["M"][0]
    else:
        real = _sum(layer, x, c, r, k) * layer["M"][c] + layer["b"][c]
    if last:
        return min(max(floor(real + Fraction(1, 2)), -(2**31)), 2**31 - 1)
    if layer["activation_bits"] == 1 and not layer["unsigned"]:
        return 1 if real >= 0 else -1
    q = floor(real + Fraction(1, 2)) + layer["z"]
    return int(min(max(q, layer["q_min"]), layer["q_max"]) - layer["z"])


def _sum(layer: dict[str, Any], x: Tensor, c: int, r: int, k: int) -> int:
    if layer["kind"] == "input":
        return int(x[c][r][k])
    if layer["kind"] == "linear":
        flat = [value for channel in x for row in channel for value in row]
        return sum(w * value for w, value in zip(layer["w"][c], flat, strict=True))
    per_group = len(x) // layer["groups"]
    group = c // (layer["out_channels"] // layer["groups"])
    taps = layer["kernel"] ** 2
    total = 0
    for i in range(per_group):
        for tap, value in _window(layer, x[group * per_group + i], r, k):
            total += layer["w"][c][i * taps + tap] * value
    return total


def _window(layer: dict[str, Any], rows: list[list[int]], r: int, k: int) -> list[tuple[int, int]]:
    """Index in the kernel and value of each cell that is not padding."""
    kernel, stride, before = layer["kernel"], layer["stride"], layer["padding"][0]
    return [
        (dr * kernel + dk, rows[r * stride + dr - before][k * stride + dk - before])
        for dr in range(kernel)
        for dk in range(kernel)
        if 0 <= r * stride + dr - before < len(rows)
        and 0 <= k * stride + dk - before < len(rows[0])
    ]
