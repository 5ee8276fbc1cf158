"""One module per layer kind. A node computes in float, then quantizes its own output.

Every node has ``compute`` (its output before output quantization) and ``output_quantizer`` (None
where the layer hands on what it read, or yields the logits). Batch norm stays live while the
quantizers train and is absorbed on export: exact, because the file has one multiplier per channel.

Sources:
    [LPCV2022] Lu et al. (eds.), "Low-Power Computer Vision", section 11.4.2: keep batch norm live.
    [He2015]   He et al., arXiv:1502.01852, section 2.2: initial weights of variance 2 / fan-in.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from quantization.quantizer import Quantizer
from search_space.layers import Activation, Layer

TIE: Final[Mapping[torch.dtype, float]] = MappingProxyType(
    {torch.float32: 2.0**-17, torch.float64: 2.0**-36}
)
"""Steps added to the output of a rounded network. With the few digits of a file's multipliers many
values lie exactly between two integers, where the file takes the upper one and ``torch.round`` the
even one. Less drowns in the rounding errors of the type, more moves values that are near a border:
of powers of two from -12 to -30, -16 to -18 bring float32 logits nearest to those of the file."""


def activate(x: Tensor, activation: Activation) -> Tensor:
    """Apply a layer's activation, any shape."""
    if activation == "relu6":
        return x.clamp(0, 6)
    return x.relu() if activation == "relu" else x


class Node(nn.Module):
    """Base of all nodes.

    Attributes:
        layer: What it computes.
        output_quantizer: See the head of this module.
        rounding: Factors that turn the layer's multipliers into those of the packed file, one per
            channel, per term of a sum, or one; None until ``round_to_file`` sets it.
    """

    rounding: Tensor | None

    def __init__(self, layer: Layer, output_quantizer: Quantizer | None) -> None:
        super().__init__()
        self.register_buffer("rounding", None, persistent=False)
        self.layer = layer
        self.output_quantizer = output_quantizer

    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        """Output before output quantization.

        Args:
            inputs: Tensors read, ``(N, C, H, W)`` each; the image for an input node.
            quantized: Whether weights are fake-quantized.

        Returns:
            ``(N, out_channels, out_height, out_width)``; ``(N, out_channels)`` for a linear node.
        """
        raise NotImplementedError

    @override
    def forward(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        """``compute``, then quantize if ``quantized``.

        Args:
            inputs: As for ``compute``.
            quantized: Whether weights and output are fake-quantized.

        Returns:
            As from ``compute``.
        """
        output = self.compute(inputs, quantized)
        if quantized and self.output_quantizer is not None:
            if self.rounding is not None:
                output = output + TIE[output.dtype] * self.output_quantizer.step(output)
            output = self.output_quantizer(output)
        return output

    def initialise_weights(self, generator: torch.Generator) -> None:
        """Draw initial weights; nodes without weights do nothing."""

    @torch.no_grad()
    def initialise_quantizers(self, inputs: Sequence[Tensor]) -> Tensor:
        """Set the step sizes from one batch and return the quantized output.

        Args:
            inputs: As for ``compute``, quantized by the nodes before.

        Returns:
            As from ``forward`` with ``quantized=True``.
        """
        output = self.compute(inputs, quantized=True)
        if self.output_quantizer is not None:
            self.output_quantizer.initialise(output)
            output = self.output_quantizer(output)
        return output


class InputNode(Node):
    """Normalises bytes, per channel: ``(x / 255 - mean) / std``."""

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        layer: Layer,
        output_quantizer: Quantizer,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        super().__init__(layer, output_quantizer)
        self.register_buffer("mean", torch.tensor(mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(-1, 1, 1))

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        (images,) = inputs
        return (images.to(self.mean.dtype) / 255 - self.mean) / self.std


class WeightedNode(Node):
    """What convolutions and linear layers share: weights with a quantizer.

    Attributes:
        weight: ``(O, ...)``.
        weight_quantizer: Its quantizer.
        bias: ``(O,)``; None where batch norm does its work.
    """

    bias: nn.Parameter | None

    def __init__(
        self,
        layer: Layer,
        output_quantizer: Quantizer | None,
        weight_quantizer: Quantizer,
        weight_shape: tuple[int, ...],
    ) -> None:
        super().__init__(layer, output_quantizer)
        self.weight = nn.Parameter(torch.zeros(weight_shape))
        self.weight_quantizer = weight_quantizer

    def used_weight(self, quantized: bool) -> Tensor:
        """The weights, fake-quantized if ``quantized`` and then as rounded; ``(O, ...)``."""
        weight: Tensor = self.weight_quantizer(self.weight) if quantized else self.weight
        if self.rounding is None:
            return weight
        return weight * self.rounding.view(-1, *[1] * (weight.dim() - 1))

    @override
    @torch.no_grad()
    def initialise_quantizers(self, inputs: Sequence[Tensor]) -> Tensor:
        self.weight_quantizer.initialise(self.weight)
        return super().initialise_quantizers(inputs)


class ConvNode(WeightedNode):
    """Convolution, batch norm or a bias, activation.

    Attributes:
        batch_norm: None where the layer has a bias instead.
    """

    def __init__(
        self,
        layer: Layer,
        output_quantizer: Quantizer,
        weight_quantizer: Quantizer,
        in_channels: int,
    ) -> None:
        shape = (layer.out_channels, in_channels // layer.groups, layer.kernel, layer.kernel)
        super().__init__(layer, output_quantizer, weight_quantizer, shape)
        self.batch_norm = nn.BatchNorm2d(layer.out_channels) if layer.batch_norm else None
        self.bias = None if layer.batch_norm else nn.Parameter(torch.zeros(layer.out_channels))

    @override
    def initialise_weights(self, generator: torch.Generator) -> None:
        # behind batch norm the scale is arbitrary; [He2015] keeps it sensible without one
        std = (2 / self.weight[0].numel()) ** 0.5
        nn.init.normal_(self.weight, std=std, generator=generator)

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        (x,) = inputs
        layer = self.layer
        before, after = layer.padding
        if before != after:  # an even kernel
            x = functional.pad(x, (before, after, before, after))
            before = 0
        weight = self.used_weight(quantized)
        x = functional.conv2d(x, weight, self.bias, layer.stride, before, groups=layer.groups)
        if self.batch_norm is not None:
            x = self.batch_norm(x)
        return activate(x, layer.activation)


class LinearNode(WeightedNode):
    """Fully connected layer with a bias, over the flattened input."""

    def __init__(
        self,
        layer: Layer,
        output_quantizer: Quantizer | None,
        weight_quantizer: Quantizer,
        in_features: int,
    ) -> None:
        super().__init__(
            layer, output_quantizer, weight_quantizer, (layer.out_channels, in_features)
        )
        self.bias = nn.Parameter(torch.zeros(layer.out_channels))

    @override
    def initialise_weights(self, generator: torch.Generator) -> None:
        nn.init.normal_(self.weight, std=self.weight.shape[1] ** -0.5, generator=generator)

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        (x,) = inputs
        x = functional.linear(x.flatten(1), self.used_weight(quantized), self.bias)
        return activate(x, self.layer.activation)


class AddNode(Node):
    """Residual sum; both terms are already on grids of their own."""

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        a, b = inputs
        if self.rounding is not None:
            a, b = a * self.rounding[0], b * self.rounding[1]
        return activate(a + b, self.layer.activation)


class GlobalAvgPoolNode(Node):
    """Mean over each channel."""

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        mean = inputs[0].mean(dim=(2, 3), keepdim=True)
        return mean if self.rounding is None else mean * self.rounding


class MaxPoolNode(Node):
    """Largest value of each window; exact on integers, so it hands its input's grid on."""

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        (x,) = inputs
        before, after = self.layer.padding
        if (before, after) != (0, 0):
            x = functional.pad(x, (before, after, before, after), value=-torch.inf)
        return functional.max_pool2d(x, self.layer.kernel, self.layer.stride)


class PadChannelsNode(Node):
    """Every ``stride``-th row and column, between channels of zeros; keeps its input's grid."""

    @override
    def compute(self, inputs: Sequence[Tensor], quantized: bool) -> Tensor:
        (x,) = inputs
        stride = self.layer.stride
        added = self.layer.out_channels - x.shape[1]
        before = added // 2
        x = x[:, :, ::stride, ::stride]
        return functional.pad(x, (0, 0, 0, 0, before, added - before))
