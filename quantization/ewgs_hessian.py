"""The strength of EWGS's gradient scaling from the curvature of the loss, after [Lee2021].

Sources:
    [Lee2021] Lee et al., "Network Quantization with Element-wise Gradient Scaling",
              arXiv:2104.00903; constants from the official code cvlab-yonsei/EWGS.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from quantization.ewgs import EwgsQuantizer

N_BATCHES: Final = 3
MAX_DRAWS: Final = 50
TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaSchedule:
    """When to renew ``delta``: every so many epochs, and never before the first has ended.

    Attributes:
        every_n_epochs: 10 for CIFAR and 1 for ImageNet in the official code.
    """

    every_n_epochs: int = 10

    def is_due(self, epoch: int) -> bool:
        """Whether ``update_deltas`` comes before this epoch, counted from 0."""
        return epoch > 0 and epoch % self.every_n_epochs == 0


def update_deltas(
    network: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
    generator: torch.Generator,
) -> None:
    """Set ``delta`` of every EWGS quantizer that the network runs, to call between epochs.

    For each quantized tensor ``delta = max(0, mean over batches of (Tr(H) / n) / (3 * std(g)))``:
    ``g`` and ``H`` are gradient and Hessian of the loss with respect to its ``n`` values. The trace
    is estimated with Rademacher vectors ``v`` (Hutchinson): the mean of ``v . Hv`` over at most
    ``MAX_DRAWS`` draws, fewer once no mean moves by more than ``TOLERANCE`` of itself. One draw
    serves all tensors at once (our choice): what one tensor's vector adds to another's product
    has mean zero.

    Args:
        network: With quantizers on; its mode and parameters stay. In training mode its batch norm
            sees the batches once more.
        loss: From outputs and targets to the mean loss, ``()``.
        batches: Pairs of inputs and targets; the first ``N_BATCHES`` are used.
        generator: Of the Rademacher vectors, on the CPU.
    """
    used = batches[:N_BATCHES]
    sums: dict[EwgsQuantizer, float] = {}
    for inputs, targets in used:
        quantizers, outputs, value = _run(network, loss, inputs, targets)
        gradients = torch.autograd.grad(value, outputs, create_graph=True)
        traces = _traces(gradients, outputs, generator)
        for quantizer, gradient, trace in zip(quantizers, gradients, traces, strict=True):
            spread = float(gradient.detach().std())
            share = trace / gradient.numel() / (3 * spread) if spread > 0 else 0.0
            sums[quantizer] = sums.get(quantizer, 0.0) + share / len(used)
    for quantizer, delta in sums.items():
        quantizer.delta.fill_(max(delta, 0.0))


def _run(
    network: nn.Module, loss: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, targets: Tensor
) -> tuple[list[EwgsQuantizer], list[Tensor], Tensor]:
    """The EWGS quantizers that ran, their outputs, and the loss."""
    found: dict[EwgsQuantizer, Tensor] = {}

    def keep(module: nn.Module, _inputs: object, output: Tensor) -> None:
        if isinstance(module, EwgsQuantizer) and output.requires_grad:
            found[module] = output

    with ExitStack() as hooks:
        for module in network.modules():
            if isinstance(module, EwgsQuantizer):
                hooks.callback(module.register_forward_hook(keep).remove)
        value = loss(network(inputs), targets)
    return list(found), list(found.values()), value


def _traces(
    gradients: Sequence[Tensor], outputs: Sequence[Tensor], generator: torch.Generator
) -> list[float]:
    """Hutchinson's estimate of each tensor's trace of the Hessian."""
    totals = [0.0] * len(outputs)
    means = [0.0] * len(outputs)
    for n in range(1, MAX_DRAWS + 1):
        vectors = [_rademacher(output, generator) for output in outputs]
        products = torch.autograd.grad(
            gradients, outputs, vectors, retain_graph=True, materialize_grads=True
        )
        for i, (v, product) in enumerate(zip(vectors, products, strict=True)):
            totals[i] += float((v * product).sum())
        before, means = means, [total / n for total in totals]
        moved = [abs(a - b) / (abs(b) + TOLERANCE) for a, b in zip(means, before, strict=True)]
        if n > 1 and max(moved) < TOLERANCE:
            break
    return means


def _rademacher(like: Tensor, generator: torch.Generator) -> Tensor:
    signs = torch.randint(0, 2, like.shape, generator=generator) * 2 - 1
    return signs.to(like)
