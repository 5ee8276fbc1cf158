"""Random packed networks: valid by construction, of every layer kind."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from quantization.fixed_point import to_fixed_point
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

    def _weights(self, bits: int, shape: tuple[int, ...]) -> dict[str, Any]:
        half = 1 << (bits - 1)
        weights = self.rng.integers(-half, half, shape)
        typical = half * np.sqrt(np.prod(shape[1:])) / 2
        return {
            "weights": weights,
            "weight_bits": bits,
            **self._numbers(shape[0], 1 / typical, shape[0]),
        }

    def conv(
        self,
        source: int,
        out_channels: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        padding: tuple[int, int] = (1, 1),
        groups: int = 1,
        weight_bits: int = 4,
        activation_bits: int = 4,
        activation: str = "relu",
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
            **self._weights(weight_bits, (out_channels, channels // groups, kernel, kernel)),
        )

    def add(self, first: int, second: int, *, bits: int = 4, activation: str = "none") -> int:
        return self._append(
            "add",
            self.shapes[first],
            inputs=(first, second),
            activation_bits=bits,
            activation=activation,
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
            activation_bits=self.layers[source].activation_bits,
        )

    def global_avg_pool(self, source: int) -> int:
        channels, height, width = self.shapes[source]
        numbers = self._numbers(1, 4 / (height * width), 0)
        return self._append("global_avg_pool", (channels, 1, 1), inputs=(source,), **numbers)

    def logits(self, source: int, n_classes: int, *, bits: int = 8) -> Artifact:
        fan_in = int(np.prod(self.shapes[source]))
        self._append(
            "linear",
            (n_classes, 1, 1),
            inputs=(source,),
            activation_bits=LOGIT_BITS,
            **{"output_scale": LOGIT_SCALE, **self._weights(bits, (n_classes, fan_in))},
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


@st.composite
def networks(draw: st.DrawFn) -> Artifact:
    """Networks of a few layers, shapes, widths and wiring drawn freely."""
    bits = st.integers(2, 8)
    maker = NetworkMaker(
        draw(st.integers(0, 2**32 - 1)),
        channels=draw(st.integers(1, 3)),
        height=draw(st.integers(3, 9)),
        width=draw(st.integers(3, 9)),
    )
    last = 0
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["dense", "depthwise", "grouped", "add", "max_pool"]))
        if kind == "max_pool":
            padding = (draw(st.integers(0, 1)), draw(st.integers(0, 1)))
            stride = draw(st.integers(1, 2))
            last = maker.max_pool(last, kernel=2, stride=stride, padding=padding)
            continue
        if kind == "add":
            peers = [i for i, shape in enumerate(maker.shapes) if shape == maker.shapes[last]]
            other = draw(st.sampled_from(peers))
            activation = draw(st.sampled_from(["none", "relu"]))
            last = maker.add(last, other, bits=draw(bits), activation=activation)
            continue
        channels = maker.shapes[last][0]
        groups = {"dense": 1, "depthwise": channels, "grouped": 2 if channels % 2 == 0 else 1}[kind]
        kernel = draw(st.integers(1, 4))
        last = maker.conv(
            last,
            channels if kind == "depthwise" else groups * draw(st.integers(1, 3)),
            kernel=kernel,
            stride=draw(st.integers(1, 3)),
            padding=((kernel - 1) // 2, kernel // 2),
            groups=groups,
            weight_bits=draw(bits),
            activation_bits=draw(bits),
            activation=draw(st.sampled_from(["none", "relu"])),
        )
        if min(maker.shapes[last][1:]) < 3:
            break
    if draw(st.booleans()):
        last = maker.global_avg_pool(last)
    return maker.logits(last, draw(st.integers(1, 4)), bits=draw(bits))
