"""The network of a layer list, trainable in float and with fake quantization."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from typing_extensions import override

from networks.nodes import Node
from search_space.layers import LayerList


class QuantizedNetwork(nn.Module):
    """Executes a layer list by index.

    Attributes:
        layers: What it was built from.
        nodes: One module per layer, in order.
        quantized: Whether weights and activations are fake-quantized; a plain float network if not.
            Switch it on after ``initialise_quantizers``.
    """

    def __init__(self, layers: LayerList, nodes: Iterable[Node]) -> None:
        super().__init__()
        self.layers = layers
        self.nodes = nn.ModuleList(nodes)
        self.quantized = False
        # a tensor is let go after the last layer that reads it
        last_reader = {read: i for i, layer in enumerate(layers) for read in layer.inputs}
        self._spent = [
            tuple(read for read in set(layer.inputs) if last_reader[read] == i)
            for i, layer in enumerate(layers)
        ]

    @override
    def forward(self, images: Tensor) -> Tensor:
        """Compute logits.

        Args:
            images: Pixels 0..255, ``(N, C, H, W)``, uint8 or floating point.

        Returns:
            ``(N, n_classes)``.
        """
        return self._run(images, initialise=False)

    @torch.no_grad()
    def initialise_quantizers(self, images: Tensor) -> None:
        """Set every quantizer from one batch, front to back, each on quantized inputs.

        Batch norm uses its running statistics, so that nothing but quantizers changes.

        Args:
            images: Pixels 0..255, ``(N, C, H, W)``.
        """
        was_training = self.training
        self.eval()
        self._run(images, initialise=True)
        self.train(was_training)

    def _run(self, images: Tensor, *, initialise: bool) -> Tensor:
        outputs: dict[int, Tensor] = {}
        node: Node
        for i, (layer, node) in enumerate(zip(self.layers, self.nodes, strict=True)):  # type: ignore[assignment]  # ModuleList forgets its element type
            inputs = [outputs[read] for read in layer.inputs] or [images]
            if initialise:
                outputs[i] = node.initialise_quantizers(inputs)
            else:
                outputs[i] = node(inputs, self.quantized)
            for read in self._spent[i]:
                del outputs[read]
        return outputs[len(self.layers) - 1]
