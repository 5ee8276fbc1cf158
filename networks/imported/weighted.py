"""Convolutions, batch norms and fully connected layers: the operators with weights."""

from dataclasses import replace
from typing import Final

import numpy as np

from networks.imported.call import Call
from networks.imported.drafts import Draft, UnsupportedError, Value
from networks.imported.windows import check_window, swept

_EPS: Final = 1e-5
"""Of the batch norms in our networks; another one moves into the variance."""


def convolution(call: Call) -> Value:
    """Write a convolution; zeros put around its input before become its padding."""
    weight = call.weight("weight")
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3]:
        raise UnsupportedError(f"kernel of shape {weight.shape}; kernels must be square")
    if call.flag("transposed", default=False):
        raise UnsupportedError("transposed convolutions are not supported")
    if call.square("dilation", default=1) != 1:
        raise UnsupportedError("a dilated kernel is not supported", ("dilation 1",))
    n_out, n_in, kernel, _ = weight.shape
    groups = call.number("groups", default=1)
    stride = call.square("stride", default=1)
    source = call.framed("input")
    before, after = _padding(call, kernel, stride)
    before, after = before + source.frame[0], after + source.frame[1]
    inner = [size - sum(source.frame) for size in (source.height, source.width)]
    if not 1 <= groups <= source.channels or source.channels != n_in * groups or n_out % groups:
        raise UnsupportedError(
            f"{groups} groups, weights {weight.shape} and {source.channels} channels do not fit"
        )
    check_window(kernel, stride, (before, after), n_out)
    height, width = (swept(size + before + after, kernel, stride) for size in inner)
    weights = {"weight": weight, "bias": call.bias("bias", n_out)}
    return call.drafts.add(
        Draft(
            name=call.layer_name("weight"),
            kind="conv",
            inputs=(source.layer,),
            channels=n_out,
            height=height,
            width=width,
            kernel=kernel,
            stride=stride,
            padding=(before, after),
            groups=groups,
            weights=weights,
        )
    )


def _padding(call: Call, kernel: int, stride: int) -> tuple[int, int]:
    match call.argument("padding", default=0):
        case "same":
            if stride != 1:
                raise UnsupportedError("padding 'same' needs stride 1")
            return (kernel - 1) // 2, kernel // 2
        case "valid":
            return 0, 0
    padding = call.square("padding", default=0)
    return padding, padding


def batch_norm(call: Call) -> Value:
    """Make batch norm part of the layer before it."""
    if call.flag("training", default=False):
        raise UnsupportedError("is in training mode; call eval() on the module before exporting it")
    value = call.value("input")
    draft = call.drafts.layers[value.layer]
    if draft.kind not in ("conv", "linear") or draft.batch_norm or draft.activation != "none":
        raise UnsupportedError("must follow a convolution or linear layer directly")
    draft = call.drafts.change(value)
    n = draft.channels
    mean, variance = call.bias("running_mean", n), call.bias("running_var", n)
    eps = call.real("eps", default=_EPS)
    variance = (variance + (eps - _EPS)).astype(np.float32)
    if not (variance + _EPS > 0).all():
        raise UnsupportedError("has a variance below zero")
    gain = call.bias("weight", n) if call.given("weight") else np.ones(n, dtype=np.float32)
    # the bias of the layer and the mean are subtracted from each other either way
    mean = mean - draft.weights.pop("bias")
    if draft.kind == "conv":
        draft.batch_norm = True
        draft.weights |= {
            "batch_norm.weight": gain,
            "batch_norm.bias": call.bias("bias", n),
            "batch_norm.running_mean": mean,
            "batch_norm.running_var": variance,
        }
    else:  # our linear layers have none: it becomes part of their weights
        scale = gain.astype(np.float64) / np.sqrt(variance.astype(np.float64) + _EPS)
        weight = draft.weights["weight"] * scale[:, None]
        draft.weights["weight"] = weight.astype(np.float32)
        draft.weights["bias"] = (call.bias("bias", n) - mean * scale).astype(np.float32)
    return replace(call.drafts.output(value.layer), flat=value.flat)


def linear(call: Call) -> Value:
    """Write a fully connected layer."""
    return _fully_connected(call, "input", "weight", "bias")


def addmm(call: Call) -> Value:
    """Write a fully connected layer that was decomposed into a product and its bias."""
    if call.real("beta", default=1.0) != 1.0 or call.real("alpha", default=1.0) != 1.0:
        raise UnsupportedError("scales its terms", ("alpha 1, beta 1",))
    return _fully_connected(call, "mat1", "mat2", "self", transposed=True)


def mm(call: Call) -> Value:
    """Write a fully connected layer without bias that was decomposed into a product."""
    return _fully_connected(call, "self", "mat2", None, transposed=True)


def _fully_connected(
    call: Call, read: str, weight_name: str, bias_name: str | None, *, transposed: bool = False
) -> Value:
    source = call.settled(read)
    if not source.flat:
        raise UnsupportedError("must read a flattened tensor, (N, features)")
    weight = call.weight(weight_name)
    if transposed:
        weight = np.ascontiguousarray(weight.T)
    if weight.ndim != 2 or weight.shape[1] != source.shape[0]:
        raise UnsupportedError(f"weights {weight.shape} do not fit {source.shape[0]} features")
    n_out = weight.shape[0]
    check_window(1, 1, (0, 0), n_out)
    bias = call.bias(bias_name, n_out) if bias_name else np.zeros(n_out, dtype=np.float32)
    value = call.drafts.add(
        Draft(
            name=call.layer_name(weight_name),
            kind="linear",
            inputs=(source.layer,),
            channels=n_out,
            height=1,
            width=1,
            weights={"weight": weight, "bias": bias},
        )
    )
    return replace(value, flat=True)
