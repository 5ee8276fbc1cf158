"""Layers under construction while a graph is walked, and the values that its names stand for.

A graph has more nodes than a network has layers: batch norm and the activation belong to the layer
before them, a view changes no number, and a strided slice with padded channels is one shortcut. A
``Value`` therefore says which layer's output it is and what has been done to it since.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from search_space.layers import INPUT_BITS, LOGIT_BITS, Activation, Layer, LayerKind, LayerList

Floats = NDArray[np.float32]


class UnsupportedError(Exception):
    """An operation of a supported kind that a layer list cannot say."""

    def __init__(self, detail: str, allowed: tuple[str, ...] = ()) -> None:
        self.allowed = allowed
        super().__init__(detail)


@dataclass(slots=True, kw_only=True)
class Draft:
    """A layer that may still gain batch norm and an activation.

    Attributes:
        n_readers: Layers that read its output.
        version: Counts changes of its output; a value of an earlier version is out of date.
        weights: What ``networks.float_weights`` calls this layer's tensors, without its name.
    """

    name: str
    kind: LayerKind
    inputs: tuple[int, ...]
    channels: int
    height: int
    width: int
    kernel: int = 1
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    activation: Activation = "none"
    batch_norm: bool = False
    n_readers: int = 0
    version: int = 0
    weights: dict[str, Floats] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Value:
    """What a name in the graph stands for; several names may share one.

    Attributes:
        layer: Whose output it is.
        version: Of that layer's output.
        channels: After ``channel_padding``.
        height: After ``step`` and ``frame``.
        width: Likewise.
        step: Rows and columns: every so many are kept.
        channel_padding: Channels of zeros added (before, after).
        frame: Zeros added (before, after) rows and columns.
        flat: Whether it is ``(N, C * H * W)``.
    """

    layer: int
    version: int
    channels: int
    height: int
    width: int
    step: tuple[int, int] = (1, 1)
    channel_padding: tuple[int, int] = (0, 0)
    frame: tuple[int, int] = (0, 0)
    flat: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without the number of images."""
        if self.flat:
            return (self.channels * self.height * self.width,)
        return (self.channels, self.height, self.width)


class Drafts:
    """The layers so far."""

    def __init__(self, image_shape: tuple[int, int, int]) -> None:
        channels, height, width = image_shape
        self.layers = [
            Draft(
                name="input",
                kind="input",
                inputs=(),
                channels=channels,
                height=height,
                width=width,
            )
        ]
        self._names = {"input"}

    def add(self, draft: Draft) -> Value:
        """Append a layer and return its output."""
        draft.name = self._unique(draft.name)
        for read in draft.inputs:
            self.layers[read].n_readers += 1
        self.layers.append(draft)
        return self.output(len(self.layers) - 1)

    def output(self, layer: int) -> Value:
        """Return a layer's output as it is now."""
        draft = self.layers[layer]
        return Value(
            layer=layer,
            version=draft.version,
            channels=draft.channels,
            height=draft.height,
            width=draft.width,
        )

    def settle(self, value: Value, name: str) -> Value:
        """Return a value that is a layer's whole output, writing the shortcut that makes it one.

        Raises:
            UnsupportedError: If no layer yields such a value.
        """
        self.check_current(value)
        if value.frame != (0, 0):
            raise UnsupportedError("zeros around an image can only be read by a convolution")
        if value.step == (1, 1) and value.channel_padding == (0, 0):
            return value
        source = self.layers[value.layer]
        added = value.channels - source.channels
        if value.step[0] != value.step[1]:
            raise UnsupportedError("a slice must step equally over rows and columns")
        if value.channel_padding != (added // 2, added - added // 2):
            raise UnsupportedError(
                "channels of zeros must be added on both sides, half of them before",
                (f"{added // 2} before, {added - added // 2} after",),
            )
        return self.add(
            Draft(
                name=name,
                kind="pad_channels",
                inputs=(value.layer,),
                channels=value.channels,
                height=value.height,
                width=value.width,
                stride=value.step[0],
            )
        )

    def check_current(self, value: Value) -> None:
        """Refuse a value that a later operation has changed or absorbed."""
        if value.version != self.layers[value.layer].version:
            name = self.layers[value.layer].name
            raise UnsupportedError(f"reads the output of {name!r} as it was before its activation")

    def change(self, value: Value) -> Draft:
        """Return the layer whose output ``value`` is, to be changed before anyone has read it.

        Raises:
            UnsupportedError: If a layer has read it, or it is no layer's whole output.
        """
        self.check_current(value)
        draft = self.layers[value.layer]
        if value.step != (1, 1) or value.frame != (0, 0) or value.channel_padding != (0, 0):
            raise UnsupportedError("cannot follow a slice or padding")
        if draft.n_readers:
            raise UnsupportedError(f"the output of {draft.name!r} is also read before this")
        draft.version += 1
        return draft

    def finish(self, output: int) -> tuple[LayerList, dict[str, Floats]]:
        """Return the layers that ``output`` depends on, and their weights."""
        needed = {output}
        for i in range(output, 0, -1):
            if i in needed:
                needed.update(self.layers[i].inputs)
        needed.add(0)
        place = {old: new for new, old in enumerate(sorted(needed))}
        layers: list[Layer] = []
        weights: dict[str, Floats] = {}
        for old in place:
            draft = self.layers[old]
            weighted = draft.kind in ("conv", "linear")
            weights |= {f"{draft.name}.{key}": tensor for key, tensor in draft.weights.items()}
            layers.append(
                Layer(
                    name=draft.name,
                    kind=draft.kind,
                    inputs=tuple(place[read] for read in draft.inputs),
                    out_channels=draft.channels,
                    out_height=draft.height,
                    out_width=draft.width,
                    kernel=draft.kernel,
                    stride=draft.stride,
                    padding=draft.padding,
                    groups=draft.groups,
                    activation=draft.activation,
                    batch_norm=draft.batch_norm,
                    weight_bits=INPUT_BITS if weighted else 0,
                    activation_bits=LOGIT_BITS if old == output else INPUT_BITS,
                )
            )
        return tuple(layers), weights

    def _unique(self, name: str) -> str:
        found, n = name, 1
        while found in self._names:
            n += 1
            found = f"{name}_{n}"
        self._names.add(found)
        return found
