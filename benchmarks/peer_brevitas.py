"""The network of a layer list in Brevitas, at the same widths, written as ONNX QCDQ.

Imported only where ``brevitas`` is installed; its types are not checked.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import brevitas.nn as qnn
from brevitas.export import export_onnx_qcdq
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from networks.network import QuantizedNetwork
from search_space.layers import Layer, LayerList

WIDTHS: Final = range(2, 9)
"""Widths of Brevitas' integer quantizers that its QCDQ export can write."""


class _BrevitasNetwork(nn.Module):
    """Executes a layer list; weights are drawn, for the size of a file does not depend on them."""

    def __init__(self, layers: LayerList) -> None:
        super().__init__()
        self.layers = layers
        self.operations = nn.ModuleList(_operation(layers, layer) for layer in layers)
        self.norms = nn.ModuleList(
            nn.BatchNorm2d(x.out_channels) if x.batch_norm else nn.Identity() for x in layers
        )
        self.quantizers = nn.ModuleList(
            _activation(layer, last=layer is layers[-1]) for layer in layers
        )

    @override
    def forward(self, images: Tensor) -> Tensor:
        outputs: list[Tensor] = []
        parts = zip(self.layers, self.operations, self.norms, self.quantizers, strict=True)
        for layer, operation, norm, quantizer in parts:
            reads = [outputs[i] for i in layer.inputs] or [images]
            outputs.append(quantizer(norm(_apply(layer, operation, reads))))
        return outputs[-1]


def _apply(layer: Layer, operation: nn.Module, reads: list[Tensor]) -> Tensor:
    x = reads[0]
    match layer.kind:
        case "add":
            return x + reads[1]
        case "global_avg_pool":
            return x.mean(dim=(2, 3), keepdim=True)
        case "max_pool":
            return functional.max_pool2d(x, layer.kernel, layer.stride)
        case "pad_channels":
            added = layer.out_channels - x.shape[1]
            x = x[:, :, :: layer.stride, :: layer.stride]
            return functional.pad(x, (0, 0, 0, 0, added // 2, added - added // 2))
        case "linear":
            x = x.flatten(1)
        case "conv":
            before, after = layer.padding
            x = functional.pad(x, (before, after, before, after))
    output: Tensor = operation(x)
    return output


def _operation(layers: LayerList, layer: Layer) -> nn.Module:
    if layer.kind == "conv":
        return qnn.QuantConv2d(  # type: ignore[no-any-return]  # brevitas has no types
            layers[layer.inputs[0]].out_channels,
            layer.out_channels,
            layer.kernel,
            stride=layer.stride,
            groups=layer.groups,
            bias=not layer.batch_norm,
            weight_bit_width=layer.weight_bits,
            weight_scaling_per_output_channel=True,
        )
    if layer.kind == "linear":
        read = layers[layer.inputs[0]]
        return qnn.QuantLinear(  # type: ignore[no-any-return]  # likewise
            read.out_channels * read.out_height * read.out_width,
            layer.out_channels,
            bias=True,
            weight_bit_width=layer.weight_bits,
            weight_scaling_per_output_channel=True,
        )
    return nn.Identity()


def _activation(layer: Layer, *, last: bool) -> nn.Module:
    if last or layer.kind in ("max_pool", "pad_channels", "global_avg_pool"):
        return nn.Identity()
    kind: Any = qnn.QuantIdentity if layer.activation == "none" else qnn.QuantReLU
    made: nn.Module = kind(bit_width=layer.activation_bits, return_quant_tensor=False)
    return made


def brevitas_qcdq(network: QuantizedNetwork, images: Tensor) -> int | str:
    """Length of the ONNX file that Brevitas writes for the same layers and widths."""
    layers = network.layers
    widths = {x.weight_bits for x in layers if x.weight_bits}
    widths |= {x.activation_bits for x in layers[:-1]}
    if not widths <= set(WIDTHS) or any(x.channel_weight_bits for x in layers):
        return "only widths of 2 to 8 bits, the same in all channels of a layer"
    made = _BrevitasNetwork(layers)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder, "network.onnx")
        pixels = images.float() / 255
        made(pixels)  # sets the scales of activations
        export_onnx_qcdq(made.eval(), pixels[:1], export_path=str(path), dynamo=False)
        return path.stat().st_size
