"""What each supported ATen operator does to the layers so far; one function per kind.

Every function takes a ``Call``, returns the value the operator yields, and raises
``UnsupportedError`` for a use of the operator that a layer list cannot say.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from networks.imported.call import Call
from networks.imported.drafts import Draft, UnsupportedError, Value
from networks.imported.pooling import adaptive_pool, average_pool, max_pool, mean
from networks.imported.shaping import flatten, pad, slice_, view
from networks.imported.weighted import addmm, batch_norm, convolution, linear, mm
from search_space.layers import Activation

Operator = Callable[[Call], Value]


def _activation(call: Call, activation: Activation) -> Value:
    value = call.value("self")
    draft = call.drafts.layers[value.layer]
    if draft.activation in (activation, "relu6"):
        return value  # nothing below zero or above six is left
    if draft.kind == "max_pool" and draft.n_readers == 0:
        # the largest of what is cut off below is what is cut off of the largest
        source = call.drafts.layers[draft.inputs[0]]
        if source.n_readers == 1 and source.kind in ("conv", "linear", "add"):
            call.drafts.change(value)
            source.version += 1
            source.activation = activation
            return replace(call.drafts.output(value.layer), flat=value.flat)
    if draft.kind not in ("conv", "linear", "add"):
        raise UnsupportedError("must follow a convolution, a linear layer or an addition directly")
    call.drafts.change(value).activation = activation
    return replace(call.drafts.output(value.layer), flat=value.flat)


def _relu(call: Call) -> Value:
    return _activation(call, "relu")


def _relu6(call: Call) -> Value:
    return _activation(call, "relu6")


def _hardtanh(call: Call) -> Value:
    bounds = call.real("min_val", default=-1.0), call.real("max_val", default=1.0)
    if bounds != (0.0, 6.0):
        raise UnsupportedError(f"cuts at {bounds}", ("0 to 6",))
    return _activation(call, "relu6")


def _clamp(call: Call) -> Value:
    low = call.real("min", default=-np.inf)
    high = call.real("max", default=np.inf) if call.given("max") else np.inf
    if low != 0.0 or high not in (6.0, np.inf):
        raise UnsupportedError(f"cuts at {(low, high)}", ("0 and above", "0 to 6"))
    return _activation(call, "relu6" if high == 6.0 else "relu")


def _add(call: Call) -> Value:
    if call.real("alpha", default=1.0) != 1.0:
        raise UnsupportedError("scales what it adds", ("alpha 1",))
    first, second = call.settled("self"), call.settled("other")
    if first.shape != second.shape:
        raise UnsupportedError(f"adds shapes {first.shape} and {second.shape}; they must be equal")
    if first.flat and (first.height, first.width) != (1, 1):
        raise UnsupportedError("must come before flattening")
    value = call.drafts.add(
        Draft(
            name=call.node_name,
            kind="add",
            inputs=(first.layer, second.layer),
            channels=first.channels,
            height=first.height,
            width=first.width,
        )
    )
    if call.in_place:
        call.drafts.layers[first.layer].version += 1  # other names of it would see the sum
    return replace(value, flat=first.flat)


def _same(call: Call) -> Value:
    return call.value("self")


def _dropout(call: Call) -> Value:
    if call.flag("train", default=False):
        raise UnsupportedError("is in training mode; call eval() on the module before exporting it")
    return call.value("input")


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        "aten.conv2d.default": convolution,
        "aten.conv2d.padding": convolution,
        "aten.convolution.default": convolution,
        "aten.batch_norm.default": batch_norm,
        "aten._native_batch_norm_legit_no_training.default": batch_norm,
        "aten.relu.default": _relu,
        "aten.relu_.default": _relu,
        "aten.relu6.default": _relu6,
        "aten.relu6_.default": _relu6,
        "aten.hardtanh.default": _hardtanh,
        "aten.hardtanh_.default": _hardtanh,
        "aten.clamp.default": _clamp,
        "aten.clamp_.default": _clamp,
        "aten.clamp_min.default": _clamp,
        "aten.clamp_min_.default": _clamp,
        "aten.add.Tensor": _add,
        "aten.add_.Tensor": _add,
        "aten.max_pool2d.default": max_pool,
        "aten.max_pool2d_with_indices.default": max_pool,
        "aten.mean.dim": mean,
        "aten.adaptive_avg_pool2d.default": adaptive_pool,
        "aten.avg_pool2d.default": average_pool,
        "aten.slice.Tensor": slice_,
        "aten.pad.default": pad,
        "aten.constant_pad_nd.default": pad,
        "aten.flatten.using_ints": flatten,
        "aten.view.default": view,
        "aten.reshape.default": view,
        "aten.linear.default": linear,
        "aten.addmm.default": addmm,
        "aten.mm.default": mm,
        "aten.dropout.default": _dropout,
        "aten.dropout_.default": _dropout,
        "aten.feature_dropout.default": _dropout,
        "aten.feature_dropout_.default": _dropout,
        "aten.alias.default": _same,
        "aten.clone.default": _same,
        "aten.contiguous.default": _same,
        "aten.detach.default": _same,
    }
)
"""By name; ``SIZES`` and ``TRANSPOSES`` are understood next to these."""

SIZES: Final = ("aten.sym_size.int",)
"""Yield a number; views that use it say where the number of images goes."""

TRANSPOSES: Final = ("aten.t.default", "aten.permute.default", "aten.transpose.int")
"""Of a matrix of weights, in front of a product."""
