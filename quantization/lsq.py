"""Learned step size quantization (LSQ) as a module.

Sources:
    [Esser2020] Esser et al., "Learned Step Size Quantization", arXiv:1902.08153.
"""

from typing import Final, Literal

import torch
from torch import Tensor, nn
from typing_extensions import override

from quantization.fake_quantize import fake_quantize
from quantization.grids import check_bits, grid_limits
from quantization.scale_init import lsq_scale, mse_scale

Role = Literal["weight", "activation"]
InitMethod = Literal["lsq", "mse"]

MIN_SCALE: Final = 1e-8
"""Step sizes never get smaller; a zero or negative one would collapse or mirror the tensor."""


class LearnedStepQuantizer(nn.Module):
    """Fake quantizer whose step size ``scale`` is trained by gradient descent [Esser2020].

    The gradient of a scale is multiplied by ``1 / sqrt(N * q_max)``. ``N`` is the number of
    elements that share the scale: for weights the elements of the tensor or, per channel, of one
    channel; for activations the features of one example, the batch dimension not counted. (The
    paper counts features; for per-channel scales it says nothing, elements per channel is our
    choice.)

    Attributes:
        scale: Trained parameter, ``()`` per tensor or ``(O, 1, 1, 1)`` per output channel.
        q_min: Smallest integer of the grid, ``()`` buffer: bits are data, not code.
        q_max: Largest integer of the grid, ``()`` buffer.
    """

    q_min: Tensor
    q_max: Tensor

    def __init__(
        self, bits: int, signed: bool, channels: int | None, *, role: Role = "weight"
    ) -> None:
        """Make a quantizer with step size 1; call ``initialise`` before training.

        Args:
            bits: Width of the grid, 2 to 8.
            signed: Whether the grid is two's complement or starts at 0.
            channels: Number of output channels, each with its own scale; None for one scale.
            role: Whether the first dimension of what is quantized is a batch ("activation").

        Raises:
            BitwidthError: If ``bits`` is outside 2 to 8.
        """
        super().__init__()
        self.signed = signed
        self.role: Role = role
        self.scale = nn.Parameter(torch.ones(() if channels is None else (channels, 1, 1, 1)))
        self.register_buffer("q_min", torch.zeros(()))
        self.register_buffer("q_max", torch.ones(()))
        self.set_bits(bits)

    @property
    def bits(self) -> int:
        """Width of the grid, read from the buffers."""
        return int(self.q_max - self.q_min + 1).bit_length() - 1

    def set_bits(self, bits: int) -> None:
        """Change the width in place; the scale stays and should be initialised again.

        Raises:
            BitwidthError: If ``bits`` is outside 2 to 8.
        """
        q_min, q_max = grid_limits(check_bits(bits), signed=self.signed)
        self.q_min.fill_(q_min)
        self.q_max.fill_(q_max)

    def step(self, x: Tensor) -> Tensor:
        """The step size in use: positive, and shaped to broadcast against ``x``.

        The magnitude keeps the gradient alive on both sides of zero, where a clamp would stop it.

        Args:
            x: Tensor that will be quantized, ``(N, ...)`` or ``(O, ...)``.

        Returns:
            Step size >= ``MIN_SCALE``, ``()`` or ``(O, 1, ...)`` with as many dimensions as ``x``.
        """
        scale = self.scale.abs().clamp_min(MIN_SCALE)
        return scale if scale.dim() == 0 else scale.view(-1, *[1] * (x.dim() - 1))

    @torch.no_grad()
    def initialise(self, x: Tensor, *, method: InitMethod | None = None) -> None:
        """Set the step size from the tensor to be quantized.

        By default weights take the paper's ``2 * mean|w| / sqrt(q_max)`` and activations the step
        with the least squared error, because the paper's rule suits a few bits only: on normal
        values behind a ReLU it gives 11.2, 18.0, 24.2, 36.8 dB of signal over quantization noise at
        2, 3, 4, 8 bits, the search 13.3, 18.9, 24.3, 45.8 dB; on signed normal values 6.6, 11.5,
        15.2, 27.8 against 8.3, 13.9, 19.2, 40.6 dB.

        Args:
            x: The float weights ``(O, ...)``, or a first batch of activations ``(N, ...)``.
            method: "lsq" or "mse" overrides that default.
        """
        x = x.detach()
        rows = x.reshape(1, -1) if self.scale.dim() == 0 else x.flatten(1)
        if (method or ("lsq" if self.role == "weight" else "mse")) == "lsq":
            scale = lsq_scale(rows, self.q_max)
        else:
            scale = mse_scale(rows, self.q_min, self.q_max)
        self.scale.copy_(scale.view(self.scale.shape))

    @override
    def forward(self, x: Tensor) -> Tensor:
        """Fake-quantize.

        Args:
            x: Weights ``(O, ...)`` or activations ``(N, ...)``.

        Returns:
            Values on the grid, shape of ``x``.
        """
        sharing = x.numel() // (x.shape[0] if self.role == "activation" else self.scale.numel())
        gradient_scale = (self.q_max * sharing).rsqrt()
        return fake_quantize(x, self.step(x), self.q_min, self.q_max, gradient_scale)

    @torch.no_grad()
    def quantize(self, x: Tensor) -> Tensor:
        """The integers that ``forward`` multiplies by the step size.

        Args:
            x: Weights ``(O, ...)`` or activations ``(N, ...)``.

        Returns:
            Integers in ``[q_min, q_max]`` in the floating-point type of ``x``, shape of ``x``.
        """
        return (x / self.step(x)).round().clamp(self.q_min, self.q_max)
