"""What all fake quantizers have in common, and all that networks and export know of them."""

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from quantization.grids import ALLOWED_BITS, WIDE_BITS, GridKind, check_bits, grid

Role = Literal["weight", "activation"]

Bits = int | Sequence[int]
"""One width, or one per output channel."""

NARROW_BITS: Final[tuple[int, ...]] = tuple(b for b in ALLOWED_BITS if b != WIDE_BITS)
"""Widths that are really quantized, 1 to 8."""

MIN_SCALE: Final = 1e-8
"""Step sizes never get smaller; a zero or negative one would collapse or mirror the tensor."""


def kind_of_sign(signed: bool) -> GridKind:
    """The grid of activations with both signs, or with one."""
    return "signed" if signed else "unsigned"


class Quantizer(nn.Module):
    """Maps a tensor to ``step * (integer - zero point)`` with integers of a grid.

    A subclass gives ``step``, ``initialise`` and ``forward``. The limits of the grid are buffers:
    bits are data, not code. Parameters of a quantizer are named ``*quantizer.<name>`` inside a
    network, by which counting and weight decay know them.

    Attributes:
        kind: Layout of the grid.
        role: Whether the first dimension of what is quantized is a batch ("activation").
        channels: Output channels, where each has its own step; None where one step serves all.
        q_min: Smallest integer, ``()``, or ``(O, 1, 1, 1)`` where channels differ in width.
        q_max: Largest integer, as ``q_min``.
        stride: Distance of neighbouring integers, as ``q_min``.
    """

    widths: ClassVar[tuple[int, ...]] = NARROW_BITS
    q_min: Tensor
    q_max: Tensor
    stride: Tensor

    def __init__(self, bits: Bits, kind: GridKind, *, channels: int | None, role: Role) -> None:
        """Make the grid.

        Args:
            bits: Width, or one width per channel.
            kind: Layout of the grid.
            channels: Number of output channels, each with its own step; None for one step.
            role: "weight" or "activation".

        Raises:
            BitwidthError: If a width is not one of ``widths``.
            ValueError: If widths are given per channel, but not one for each.
        """
        super().__init__()
        if not isinstance(bits, int) and len(bits) != channels:
            raise ValueError(f"{len(bits)} widths for {channels} channels")
        self.kind: GridKind = kind
        self.role: Role = role
        self.channels = channels
        shape = () if isinstance(bits, int) else (len(bits), 1, 1, 1)
        for name in ("q_min", "q_max", "stride"):
            self.register_buffer(name, torch.ones(shape))
        self.set_bits(bits)

    @property
    def bits(self) -> int:
        """Width of the grid, the widest where channels differ; read from the buffers."""
        return int(self._widths().max())

    @property
    def channel_bits(self) -> tuple[int, ...]:
        """Width of each channel; empty where all channels were given one width."""
        return tuple(int(b) for b in self._widths().flatten()) if self.q_min.dim() else ()

    def _widths(self) -> Tensor:
        return ((self.q_max - self.q_min) / self.stride + 1).log2().round()

    def set_bits(self, bits: Bits) -> None:
        """Change widths in place; steps stay and should be initialised again.

        Args:
            bits: One width; or one per channel, if the quantizer was made with one per channel.

        Raises:
            BitwidthError: If a width is not one of ``widths``.
        """
        widths = (bits,) if isinstance(bits, int) else bits
        grids = [grid(check_bits(width, self.widths), self.kind) for width in widths]
        for buffer, values in (
            (self.q_min, [g.q_min for g in grids]),
            (self.q_max, [g.q_max for g in grids]),
            (self.stride, [g.stride for g in grids]),
        ):
            one_or_each = torch.tensor(values, dtype=buffer.dtype, device=buffer.device)
            buffer.copy_(one_or_each.expand(buffer.numel()).view(buffer.shape))

    def step(self, x: Tensor) -> Tensor:
        """The step size in use.

        Args:
            x: Tensor that is quantized, ``(N, ...)`` or ``(O, ...)``.

        Returns:
            Step size >= ``MIN_SCALE``, ``()`` or ``(O, 1, ...)`` with as many dimensions as ``x``.
        """
        raise NotImplementedError

    def zero_point(self) -> int | None:
        """The integer that stands for zero on an offset grid; None on other grids, where 0 does."""
        return None

    def initialise(self, x: Tensor) -> None:
        """Set the parameters from the tensor to be quantized.

        Args:
            x: The float weights ``(O, ...)``, or a first batch of activations ``(N, ...)``.
        """
        raise NotImplementedError

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Fake-quantize.

        Args:
            x: Weights ``(O, ...)`` or activations ``(N, ...)``.

        Returns:
            ``step * (integer - zero point)``, shape of ``x``.
        """
        raise NotImplementedError

    @torch.no_grad()
    def quantize(self, x: Tensor) -> Tensor:
        """The integers behind ``forward``.

        Args:
            x: Weights ``(O, ...)`` or activations ``(N, ...)``.

        Returns:
            Integers of the grid in the floating-point type of ``x``, shape of ``x``.
        """
        # forward's values are within a rounding error of whole steps: this recovers them exactly
        integers: Tensor = (self(x) / self.step(x)).round() + (self.zero_point() or 0)
        return integers

    def fit(self, per_channel: Tensor, x: Tensor) -> Tensor:
        """Shape ``()`` or ``(O, 1, 1, 1)`` to broadcast against ``x``."""
        return per_channel if per_channel.dim() == 0 else per_channel.view(-1, *[1] * (x.dim() - 1))

    def positive(self, parameter: Tensor, x: Tensor) -> Tensor:
        """The magnitude of a scale, shaped as ``fit`` does.

        The magnitude keeps the gradient alive on both sides of zero, where a clamp would stop it.
        """
        return self.fit(parameter.abs().clamp_min(MIN_SCALE), x)

    def rows(self, x: Tensor) -> Tensor:
        """``x`` with one row per step: ``(1, n)`` or ``(O, n)``."""
        return x.detach().reshape(1 if self.channels is None else self.channels, -1)

    @property
    def parameter_shape(self) -> tuple[int, ...]:
        """Shape of a parameter that has one value per step: ``()`` or ``(O, 1, 1, 1)``."""
        return () if self.channels is None else (self.channels, 1, 1, 1)

    def gradient_scale(self, x: Tensor) -> Tensor:
        """LSQ's ``1 / sqrt(N * q_max)``, ``()`` or ``(O, 1, ...)``.

        ``N`` is the number of elements that share a step: for weights the elements of the tensor
        or, per channel, of one channel; for activations the features of one example, the batch
        dimension not counted. (The paper counts features; for per-channel steps it says nothing,
        elements per channel is our choice.)
        """
        sharing = x.numel() // (x.shape[0] if self.role == "activation" else self.channels or 1)
        return (self.fit(self.q_max, x) * sharing).rsqrt()

    def strides(self, x: Tensor) -> Tensor | None:
        """``stride`` shaped as ``fit`` does; None where it is 1 whatever the width."""
        return None if self.kind == "unsigned" else self.fit(self.stride, x)
