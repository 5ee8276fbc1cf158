"""ResNet-20 with any widths after training, run in 8-bit integer arithmetic: a second on one core.

Every tensor is a byte per value: the integers of its grid, plus 128 where the grid has both signs.
Steps are fixed beforehand, one per tensor (or per channel of a weight) and width, each with the
least squared error on the float network: post-training quantization without any fine-tuning or
correction. Two candidates that agree up to a layer share the work up to there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from networks.network import QuantizedNetwork
from quantization.scale_init import mse_scale
from search_space.layers import Layer, LayerList

WIDTHS: Final = (2, 3, 4, 5, 6, 8)
_ZERO: Final = 128
"""The byte of zero on a grid with both signs."""
_BATCH: Final = 250
_EPSILON: Final = 1e-5


@dataclass(frozen=True, slots=True)
class _Weights:
    """A convolution's weights at one width, batch norm absorbed."""

    packed: Tensor
    scales: Tensor
    zeros: Tensor
    bias: Tensor


def _add(a: Tensor, b: Tensor, step_a: Tensor, step_b: Tensor, top: Tensor) -> Tensor:
    """Return the bytes of ``relu(a + b)``, where ``a`` has both signs and ``b`` has not."""
    total = (a.to(torch.float32) - _ZERO) * step_a + b.to(torch.float32) * step_b
    return total.relu().round().minimum(top).to(torch.uint8)


class PostTraining:
    """The accuracy of the network at given widths on fixed images."""

    def __init__(
        self,
        network: QuantizedNetwork,
        calibration: Tensor,
        images: Tensor,
        labels: npt.NDArray[np.int64],
    ) -> None:
        """Calibrate.

        Args:
            network: Float weights; its widths mean nothing.
            calibration: Pixels ``(N, C, H, W)`` uint8 that the steps of activations are found on.
            images: Pixels ``(M, C, H, W)`` uint8 that accuracy is measured on.
            labels: ``(M,)``.
        """
        self._nodes: dict[str, Any] = {
            layer.name: node for layer, node in zip(network.layers, network.nodes, strict=True)
        }
        # one pass over memory instead of eight: ten times faster
        self._add = torch.compile(_add, dynamic=True)
        self._signed: dict[str, bool] = {}
        self._steps: dict[tuple[str, int], float] = {}
        self._kernels: dict[tuple[str, int], _Weights] = {}
        self._calibrate(network.eval(), calibration)
        first = network.layers[0]
        normalised = self._nodes[first.name].compute([images], quantized=False)
        step = self._steps[first.name, first.activation_bits]
        codes = (normalised / step).round().clamp(-_ZERO, _ZERO - 1) + _ZERO
        self._batches = [
            part.to(torch.uint8).contiguous(memory_format=torch.channels_last)
            for part in codes.split(_BATCH)
        ]
        self._labels = torch.from_numpy(labels).split(_BATCH)

    @torch.no_grad()
    def n_correct(self, candidates: Sequence[LayerList]) -> list[int]:
        """Count right decisions, for each candidate; neighbours in the list share work.

        Args:
            candidates: Layers of the calibrated network at widths of ``WIDTHS``.
        """
        found = [0] * len(candidates)
        for batch, labels in zip(self._batches, self._labels, strict=True):
            for i, logits in enumerate(self._logits(batch, candidates)):
                found[i] += int((logits.argmax(1) == labels).sum())
        return found

    def _logits(self, batch: Tensor, candidates: Sequence[LayerList]) -> Iterator[Tensor]:
        before: LayerList = ()
        outputs: list[Tensor] = []
        for layers in candidates:
            shared = 0
            while shared < len(before) and before[shared] == layers[shared]:
                shared += 1
            del outputs[shared:]
            for layer in layers[shared:]:
                outputs.append(self._output(layer, layers, outputs, batch))
            before = layers
            yield outputs[-1]

    def _output(
        self, layer: Layer, layers: LayerList, outputs: Sequence[Tensor], batch: Tensor
    ) -> Tensor:
        reads = [(layers[i], outputs[i]) for i in layer.inputs]
        match layer.kind:
            case "input":
                return batch
            case "conv":
                return self._convolve(layer, *reads[0])
            case "add":
                (a, x), (b, y) = reads
                step = self._step(layer)
                top = torch.tensor(2.0**layer.activation_bits - 1)
                ratios = [torch.tensor(self._step(read) / step) for read in (a, b)]
                added: Tensor = self._add(x, y, *ratios, top)
                return added
            case "pad_channels":
                x = reads[0][1][:, :, :: layer.stride, :: layer.stride]
                added_before = (layer.out_channels - x.shape[1]) // 2
                added_after = layer.out_channels - x.shape[1] - added_before
                x = torch.nn.functional.pad(x, (0, 0, 0, 0, added_before, added_after))
                return x.contiguous(memory_format=torch.channels_last)
            case "global_avg_pool":
                source, x = reads[0]
                mean = x.to(torch.float32).mean(dim=(2, 3)) * self._step(source)
                top_integer = 2**layer.activation_bits - 1
                return (mean / self._step(layer)).round().clamp(0, top_integer)
            case "linear":
                source, x = reads[0]
                node = self._nodes[layer.name]
                scale, integers = _rounded(node.weight.flatten(1), layer.weight_bits)
                return x @ (integers * scale * self._step(source)).T + node.bias
            case _:
                raise ValueError(f"no {layer.kind} in this network")

    def _convolve(self, layer: Layer, source: Layer, x: Tensor) -> Tensor:
        weights = self._weights(layer, source)
        zero = _ZERO if self._signed[layer.name] else 0
        size = [layer.stride] * 2, list(layer.padding), [1, 1], 1
        out: Tensor = torch.ops.onednn.qconv2d_pointwise(
            x, self._step(source), self._zero(source), weights.packed, weights.scales,
            weights.zeros, weights.bias, *size, self._step(layer), zero, torch.uint8,
            "none", [], "",
        )  # fmt: skip
        half = 2 ** (layer.activation_bits - 1)
        low, high = (zero - half, zero + half - 1) if zero else (0, 2 * half - 1)
        return out.clamp_(low, high)

    def _weights(self, layer: Layer, source: Layer) -> _Weights:
        key = layer.name, layer.weight_bits
        if key not in self._kernels:
            node = self._nodes[layer.name]
            scale, integers = _rounded(node.weight.flatten(1), layer.weight_bits)
            norm = node.batch_norm
            gain = norm.weight / (norm.running_var + _EPSILON).sqrt()
            # the step of a channel is positive: the sign goes to its integers
            flipped = integers * torch.where(gain < 0, -1.0, 1.0)[:, None]
            codes = flipped.clamp_max(127).view(node.weight.shape).to(torch.int8)
            scales = (scale.squeeze(1) * gain.abs()).clamp_min(1e-12)
            packed = torch.ops.onednn.qconv_prepack(
                codes, scales, 1.0, self._zero(source), [layer.stride] * 2, list(layer.padding),
                [1, 1], 1, None,
            )  # fmt: skip
            self._kernels[key] = _Weights(
                packed=packed,
                scales=scales,
                zeros=torch.zeros(len(scales), dtype=torch.int32),
                bias=norm.bias - norm.running_mean * gain,
            )
        return self._kernels[key]

    def _zero(self, layer: Layer) -> int:
        return _ZERO if self._signed[layer.name] else 0

    def _step(self, layer: Layer) -> float:
        name, bits = layer.name, layer.activation_bits
        if (name, bits) not in self._steps:
            # a padded tensor keeps the grid of what it reads
            return self._steps[self._kept[name], bits]
        return self._steps[name, bits]

    @torch.no_grad()
    def _calibrate(self, network: QuantizedNetwork, images: Tensor) -> None:
        self._kept: dict[str, str] = {}
        outputs: list[Tensor] = []
        for layer, node in zip(network.layers, network.nodes, strict=True):
            reads = [outputs[i] for i in layer.inputs] or [images]
            outputs.append(node(reads, False))
            sources = [network.layers[i].name for i in layer.inputs]
            moves = layer.kind in ("pad_channels", "global_avg_pool")
            signed = self._signed[sources[0]] if moves else layer.activation == "none"
            self._signed[layer.name] = signed
            if layer.kind == "pad_channels":
                self._kept[layer.name] = sources[0]
                continue
            for bits in (8,) if layer.kind == "input" else WIDTHS:
                low, high = (
                    (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
                )
                limits = torch.tensor(float(low)), torch.tensor(float(high))
                step = mse_scale(outputs[-1].reshape(1, -1), *limits)
                self._steps[layer.name, bits] = float(step)


def _rounded(weight: Tensor, bits: int) -> tuple[Tensor, Tensor]:
    """Return steps ``(O, 1)`` and integers ``(O, n)`` of a weight ``(O, n)``."""
    low, high = torch.tensor(-(2.0 ** (bits - 1))), torch.tensor(2.0 ** (bits - 1) - 1)
    scale = mse_scale(weight.detach(), low, high)[:, None]
    return scale, (weight.detach() / scale).round().clamp(low, high)
