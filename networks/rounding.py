"""Moves a trained network to the nearest one that the packed file can hold exactly.

The file has float16 multipliers and int16 biases, which moves some sums across the border between
two integers of the output. At eight bits that is noise; at one to three bits it is a large change,
and a deep network makes it larger: ResNet-20 on CIFAR-10 decided otherwise than its file on 2.2 %
of the test images at 4 bits, on 7.5 % at 2 bits. As the last step of training the rounding belongs
to the network, so that what is evaluated and what is packed are one.
"""

import numpy as np
import torch
from torch import Tensor

from networks.affine import Affine, Doubles, affine_numbers, double
from networks.network import QuantizedNetwork
from networks.nodes import ConvNode, InputNode, Node, WeightedNode
from quantization.fixed_point import to_fixed_point


@torch.no_grad()
def round_to_file(network: QuantizedNetwork) -> None:
    """Give every layer the multipliers and biases that its packed file will have.

    Packing the network before and after gives the same file. Weights, step sizes and with them all
    integers stay; so do statistics of batch norm, which must not change any more.

    Args:
        network: Trained, quantizers initialised; changed in place. In double precision it decides
            exactly as the file; in single, a large network of few bits still differs on some images
            (ResNet-20 at 2 bits on 1 %), because rounding errors move values across borders too.

    Raises:
        FixedPointError: If a number is not finite or too large to store: the network diverged.
    """
    node: Node
    for node, exact in zip(network.nodes, affine_numbers(network), strict=True):  # type: ignore[assignment]  # ModuleList forgets its element type
        fixed = to_fixed_point(exact.multipliers, exact.biases)
        stored = Affine(
            scale=exact.scale,
            multipliers=np.ldexp(fixed.multipliers.astype(np.float64), fixed.scale_exponent),
            biases=np.ldexp(fixed.biases.astype(np.float64), fixed.bias_exponent),
        )
        if isinstance(node, InputNode):
            std = 1 / (255 * stored.multipliers * stored.scale)
            node.std.copy_(_like(node.std, std))
            node.mean.copy_(_like(node.mean, -stored.biases * std * stored.scale))
            node.rounding = torch.ones_like(node.std)
        elif len(exact.multipliers):
            factors = _ratio(stored.multipliers, exact.multipliers)
            before = 1.0 if node.rounding is None else double(node.rounding)
            node.rounding = torch.from_numpy(factors * before).to(next(network.parameters()))
            if isinstance(node, WeightedNode):
                _shift(node, (stored.biases - exact.biases) * stored.scale)


def _shift(node: WeightedNode, difference: Doubles) -> None:
    """Add to what follows the sum, ``(O,)``."""
    target = node.bias
    if isinstance(node, ConvNode) and node.batch_norm is not None:
        target = node.batch_norm.bias
    if target is not None:
        target.copy_(_like(target, double(target) + difference))


def _ratio(stored: Doubles, exact: Doubles) -> Doubles:
    """``stored / exact``; 1 where both are zero."""
    return np.divide(stored, exact, out=np.ones_like(exact), where=exact != 0)


def _like(tensor: Tensor, values: Doubles) -> Tensor:
    return torch.from_numpy(values).view(tensor.shape).to(tensor)
