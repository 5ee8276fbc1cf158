"""Random packed networks: valid by construction, of every layer kind."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from quantization.fixed_point import to_fixed_point
from quantization.grids import grid
from quantization.packed_layer import LOGIT_BITS, LOGIT_SCALE, Artifact, PackedLayer


class NetworkMaker:
    """Appends layers with random integers that keep activations spread over their grids."""

    def __init__(self, seed: int, *, channels: int, height: int, width: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.shapes: list[tuple[int, int, int]] = []
        self.layers: list[PackedLayer] = []
        self.image = (channels, height, width)
        self._append("input", self.image, **self._numbers(channels, 0.4, channels))

    def _numbers(self, count: int, around: float, n_biases: int) -> dict[str, Any]:
        values = self.rng.uniform(0.3, 1.7, count) * around * self.rng.choice([1.0, -1.0], count)
        fixed = to_fixed_point(values, self.rng.normal(scale=3.0, size=n_biases))
        return {
            "multipliers": fixed.multipliers,
            "scale_exponent": fixed.scale_exponent,
            "biases": fixed.biases,
            "bias_exponent": fixed.bias_exponent,
        }

    def _append(self, kind: Any, shape: tuple[int, int, int], **fields: Any) -> int:
        fields = {"output_scale": 0.25, **fields}
        self.layers.append(PackedLayer(kind=kind, out_channels=shape[0], **fields))
        self.shapes.append(shape)
        return len(self.layers) - 1

    def _weights(
        self,
        bits: int | tuple[int, ...],
        shape: tuple[int, ...],
        *,
        odd: bool,
        reads: int,
        output_bits: int,
    ) -> dict[str, Any]:
        widths = bits if isinstance(bits, tuple) else (bits,) * shape[0]
        rows = [self._row(width, shape[1:], odd=odd) for width in widths]
        typical = np.array([np.abs(row).mean() + 0.5 for row in rows]) * np.sqrt(shape[1:]).prod()
        bits_read = min(self.layers[reads].activation_bits, 16)
        typical *= 2.0 ** (bits_read - min(output_bits, 16))
        numbers = self._numbers(shape[0], 1.0, shape[0])
        multipliers = numbers["multipliers"] * 2.0 ** numbers["scale_exponent"] / typical
        fixed = to_fixed_point(multipliers)
        return {
            "weights": np.stack(rows),
            "weight_bits": max(widths),
            "channel_bits": np.array(widths, np.uint8) if len(set(widths)) > 1 else None,
            "odd_weights": odd,
            **numbers,
            "multipliers": fixed.multipliers,
            "scale_exponent": fixed.scale_exponent,
        }

    def _row(self, width: int, shape: tuple[int, ...], *, odd: bool) -> Any:
        limits = grid(width, "odd" if odd else "signed")
        count = (limits.q_max - limits.q_min) // limits.stride + 1
        return limits.q_min + limits.stride * self.rng.integers(0, count, shape)

    def conv(
        self,
        source: int,
        out_channels: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        padding: tuple[int, int] = (1, 1),
        groups: int = 1,
        weight_bits: int | tuple[int, ...] = 4,
        activation_bits: int = 4,
        activation: str = "relu",
        odd: bool = False,
        zero_point: int | None = None,
        output_scale: float = 0.25,
    ) -> int:
        channels, height, width = self.shapes[source]
        rows, columns = ((s + sum(padding) - kernel) // stride + 1 for s in (height, width))
        return self._append(
            "conv",
            (out_channels, rows, columns),
            inputs=(source,),
            kernel=kernel,
            stride=stride,
            padding=padding,
            groups=groups,
            activation=activation,
            activation_bits=activation_bits,
            zero_point=zero_point,
            output_scale=output_scale,
            **self._weights(
                weight_bits,
                (out_channels, channels // groups, kernel, kernel),
                odd=odd,
                reads=source,
                output_bits=activation_bits,
            ),
        )

    def add(
        self,
        first: int,
        second: int,
        *,
        bits: int = 4,
        activation: str = "none",
        zero_point: int | None = None,
    ) -> int:
        return self._append(
            "add",
            self.shapes[first],
            inputs=(first, second),
            activation_bits=bits,
            activation=activation,
            zero_point=zero_point,
            **self._numbers(2, 0.7, 0),
        )

    def max_pool(self, source: int, *, kernel: int, stride: int, padding: tuple[int, int]) -> int:
        channels, height, width = self.shapes[source]
        rows, columns = ((s + sum(padding) - kernel) // stride + 1 for s in (height, width))
        return self._append(
            "max_pool",
            (channels, rows, columns),
            inputs=(source,),
            kernel=kernel,
            stride=stride,
            padding=padding,
            **self._kept(source),
        )

    def pad_channels(self, source: int, out_channels: int, *, stride: int = 1) -> int:
        _, height, width = self.shapes[source]
        shape = (out_channels, -(-height // stride), -(-width // stride))
        kept = self._kept(source)
        return self._append("pad_channels", shape, inputs=(source,), stride=stride, **kept)

    def _kept(self, source: int) -> dict[str, Any]:
        names = ("activation_bits", "output_scale", "zero_point")
        return {name: getattr(self.layers[source], name) for name in names}

    def global_avg_pool(self, source: int, *, bits: int = 8, zero_point: int | None = None) -> int:
        channels, height, width = self.shapes[source]
        numbers = self._numbers(1, 4 / (height * width), 0)
        return self._append(
            "global_avg_pool",
            (channels, 1, 1),
            inputs=(source,),
            activation_bits=bits,
            zero_point=zero_point,
            **numbers,
        )

    def logits(
        self, source: int, n_classes: int, *, bits: int | tuple[int, ...] = 8, odd: bool = False
    ) -> Artifact:
        fan_in = int(np.prod(self.shapes[source]))
        self._append(
            "linear",
            (n_classes, 1, 1),
            inputs=(source,),
            activation_bits=LOGIT_BITS,
            output_scale=LOGIT_SCALE,
            **self._weights(
                bits, (n_classes, fan_in), odd=odd, reads=source, output_bits=LOGIT_BITS
            ),
        )
        channels, height, width = self.image
        return Artifact(
            candidate_hash="0123456789abcdef" * 4,
            data_hash=bytes(range(16)),
            seed=2**63 + 1,
            height=height,
            width=width,
            channels=channels,
            n_classes=n_classes,
            code_version="0.1.0",
            layers=tuple(self.layers),
        )


def every_kind(seed: int = 0) -> Artifact:
    """A small network that uses every layer kind and most options."""
    maker = NetworkMaker(seed, channels=3, height=7, width=6)
    stem = maker.conv(0, 4, kernel=2, padding=(0, 1), weight_bits=8)
    deep = maker.conv(stem, 4, groups=4, weight_bits=3, activation="none", activation_bits=5)
    joined = maker.add(deep, stem, activation="relu")
    wide = maker.conv(joined, 6, groups=2, stride=2, weight_bits=2)
    pooled = maker.max_pool(wide, kernel=2, stride=1, padding=(1, 0))
    return maker.logits(maker.global_avg_pool(pooled), 5, bits=5)


def every_mode(seed: int = 0) -> Artifact:
    """A small network with what ``every_kind`` lacks: the wider format's widths and grids."""
    maker = NetworkMaker(seed, channels=2, height=6, width=5)
    stem = maker.conv(
        0, 3, weight_bits=(1, 8, 3), activation="none", activation_bits=3, zero_point=5
    )
    shortcut = maker.pad_channels(stem, 6, stride=2)
    signs = maker.conv(stem, 6, stride=2, weight_bits=1, activation="none", activation_bits=1)
    odd = maker.conv(
        signs, 6, weight_bits=3, odd=True, activation="relu6", output_scale=0.699951171875
    )
    wide = maker.conv(odd, 6, kernel=1, padding=(0, 0), weight_bits=32, activation_bits=32)
    joined = maker.add(wide, shortcut, bits=6, zero_point=30)
    pooled = maker.max_pool(joined, kernel=2, stride=1, padding=(1, 0))
    return maker.logits(maker.global_avg_pool(pooled, zero_point=100), 3, bits=(8, 2, 7), odd=True)


def of_length(n_bytes: int) -> Artifact:
    """A network of two layers whose file has so many bytes, an even number from 186 on."""
    # header, two records, payloads of one channel and of one class: 184, and a byte per pixel
    return NetworkMaker(0, channels=1, height=1, width=n_bytes - 184).logits(0, 1)


WIDTHS = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 32])


@st.composite
def weight_modes(draw: st.DrawFn, channels: int) -> tuple[int | tuple[int, ...], bool]:
    """One width or one for each channel, and whether the grid is odd."""
    narrow = st.integers(1, 8)
    bits: int | tuple[int, ...] = draw(WIDTHS | st.tuples(*[narrow] * channels))
    return bits, bits != 32 and draw(st.booleans())


@st.composite
def outputs(draw: st.DrawFn) -> dict[str, Any]:
    """Width, activation and zero point of a tensor."""
    bits = draw(WIDTHS)
    activation = draw(st.sampled_from(["none", "none", "relu", "relu6"]))
    offset = activation == "none" and bits != 32 and draw(st.booleans())
    zero_point = draw(st.integers(0, 2**bits - 1)) if offset else None
    return {"activation": activation, "zero_point": zero_point, "activation_bits": bits}


@st.composite
def networks(draw: st.DrawFn) -> Artifact:
    """Networks of a few layers, shapes, widths, grids and wiring drawn freely."""
    maker = NetworkMaker(
        draw(st.integers(0, 2**32 - 1)),
        channels=draw(st.integers(1, 3)),
        height=draw(st.integers(3, 9)),
        width=draw(st.integers(3, 9)),
    )
    last = 0
    kinds = st.sampled_from(["dense", "depthwise", "grouped", "add", "max_pool", "pad_channels"])
    for _ in range(draw(st.integers(0, 4))):
        if min(maker.shapes[last][1:]) < 3:
            break
        kind = draw(kinds)
        if kind == "max_pool":
            padding = (draw(st.integers(0, 1)), draw(st.integers(0, 1)))
            stride = draw(st.integers(1, 2))
            last = maker.max_pool(last, kernel=2, stride=stride, padding=padding)
            continue
        channels = maker.shapes[last][0]
        if kind == "pad_channels":
            more = channels + draw(st.integers(0, 3))
            last = maker.pad_channels(last, more, stride=draw(st.integers(1, 2)))
            continue
        output = draw(outputs())
        if kind == "add":
            peers = [i for i, shape in enumerate(maker.shapes) if shape == maker.shapes[last]]
            other = draw(st.sampled_from(peers))
            bits = output.pop("activation_bits")
            last = maker.add(last, other, bits=bits, **output)
            continue
        groups = {"dense": 1, "depthwise": channels, "grouped": 2 if channels % 2 == 0 else 1}[kind]
        kernel = draw(st.integers(1, 4))
        out_channels = channels if kind == "depthwise" else groups * draw(st.integers(1, 3))
        weight_bits, odd = draw(weight_modes(out_channels))
        last = maker.conv(
            last,
            out_channels,
            kernel=kernel,
            stride=draw(st.integers(1, 3)),
            padding=((kernel - 1) // 2, kernel // 2),
            groups=groups,
            weight_bits=weight_bits,
            odd=odd,
            output_scale=draw(st.sampled_from([0.25, 0.699951171875, 3.0, 20.0])),
            **output,
        )
    if draw(st.booleans()):
        bits = draw(WIDTHS)
        offset = bits != 32 and draw(st.booleans())
        last = maker.global_avg_pool(last, bits=bits, zero_point=0 if offset else None)
    n_classes = draw(st.integers(1, 4))
    bits, odd = draw(weight_modes(n_classes))
    return maker.logits(last, n_classes, bits=bits, odd=odd)
