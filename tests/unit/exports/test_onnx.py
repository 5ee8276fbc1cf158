"""The ONNX export, run in ONNX Runtime, is the packed network."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from onnx import TensorProto, helper

from exports.onnx_export import to_onnx
from exports.onnx_run import run_onnx
from exports.onnx_types import IR_VERSION, OPSET, WEIGHT_TYPES, packed_values, weight_type
from quantization.artifact import read_artifact, write_artifact
from quantization.grids import grid
from quantization.integer_runtime import run
from quantization.packed_layer import LOGIT_SCALE, Artifact
from tests.unit.quantization.packed_networks import (
    NetworkMaker,
    every_kind,
    every_mode,
    networks,
)


def _images(artifact: Artifact, count: int) -> np.ndarray:
    shape = (count, artifact.channels, artifact.height, artifact.width)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _resnet20(weight_bits: int, activation_bits: int) -> Artifact:
    """The layers of a ResNet-20 for CIFAR, narrower, with random weights."""
    maker = NetworkMaker(1, channels=3, height=16, width=16)
    last, channels = maker.conv(0, 8, weight_bits=8, activation_bits=8), 8
    bits = {"weight_bits": weight_bits, "activation_bits": activation_bits}
    for wide in (8, 16, 32):
        for block in range(3):
            stride = 2 if wide > 8 and block == 0 else 1
            inner = maker.conv(last, wide, stride=stride, **bits)
            inner = maker.conv(inner, wide, activation="none", **bits)
            if wide != channels:
                last = maker.pad_channels(last, wide, stride=stride)
            last = maker.add(inner, last, bits=activation_bits, activation="relu")
            channels = wide
    return maker.logits(maker.global_avg_pool(last), 10)


@pytest.mark.parametrize("make", [every_kind, every_mode])
@pytest.mark.parametrize("seed", range(4))
def test_every_kind_and_mode_gives_the_same_logits(make, seed: int) -> None:
    artifact = read_artifact(write_artifact(make(seed)))
    images = _images(artifact, 300)
    logits = run_onnx(to_onnx(artifact).content, images)
    np.testing.assert_array_equal(logits, run(artifact, images) * np.float32(LOGIT_SCALE))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(networks())
def test_random_networks_decide_alike(artifact: Artifact) -> None:
    images = _images(artifact, 16)
    expected = run(artifact, images)
    logits = run_onnx(to_onnx(artifact).content, images)
    exact = all(
        32 not in (layer.weight_bits, layer.activation_bits) for layer in artifact.layers[:-1]
    )
    if exact and artifact.layers[-1].weight_bits != 32:
        # float32 logits round the integers beyond 2**24
        np.testing.assert_array_equal(logits, (expected * LOGIT_SCALE).astype(np.float32))
    else:  # sums of 20-bit integers are rounded in float32
        close = np.abs(logits - expected * LOGIT_SCALE).max()
        assert close <= np.abs(expected * LOGIT_SCALE).max() * 0.05 + 1


@pytest.mark.parametrize("bits", [(8, 8), (6, 5), (4, 4)])
def test_a_deep_network_gives_the_same_logits(bits: tuple[int, int]) -> None:
    artifact = _resnet20(*bits)
    # coarse patterns, because the average of noise is the same in every image
    patterns = np.random.default_rng(2).integers(0, 256, (50, 3, 2, 2), dtype=np.uint8)
    images = patterns.repeat(8, axis=2).repeat(8, axis=3)
    expected = run(artifact, images)
    assert len(np.unique(expected[:, 0])) > 10
    logits = run_onnx(to_onnx(artifact).content, images)
    np.testing.assert_array_equal(logits, expected * np.float32(LOGIT_SCALE))


def test_a_changed_weight_changes_the_model() -> None:
    artifact = every_kind()
    layer = artifact.layers[1]
    weights = layer.weights.copy()
    weights[0, 0, 0, 0] ^= 64
    changed = (artifact.layers[0], replace(layer, weights=weights), *artifact.layers[2:])
    images = _images(artifact, 50)
    outputs = [
        run_onnx(to_onnx(network).content, images)
        for network in (artifact, replace(artifact, layers=changed))
    ]
    assert (outputs[0] != outputs[1]).any()


@pytest.mark.parametrize("kind", WEIGHT_TYPES, ids=lambda kind: kind.name)
@pytest.mark.parametrize("operator", ["Conv", "Gemm"])
def test_each_weight_type_is_executed(kind, operator: str) -> None:
    rng = np.random.default_rng(0)
    half = 1 << (min(kind.bits, 20) - 1)
    shape = (5, 7, 1, 1) if operator == "Conv" else (5, 7)
    weights = rng.integers(-half, half, shape)
    weights.reshape(-1)[:2] = -half, half - 1
    images = rng.integers(0, 4, (3, *shape[1:])).astype(np.uint8)
    attributes = {} if operator == "Conv" else {"transB": 1}
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("DequantizeLinear", ["w", "one"], ["weights"]),
        helper.make_node(operator, ["x", "weights"], ["logits"], **attributes),
    ]
    constants = [
        helper.make_tensor("w", kind.code, shape, packed_values(weights, kind), raw=True),
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
    ]
    tail = [None] * (len(shape) - 1)
    graph = helper.make_graph(
        nodes,
        "one",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", *shape[1:]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", *tail])],
        constants,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    expected = images.reshape(3, 7).astype(np.int64) @ weights.reshape(5, 7).T
    found = run_onnx(model.SerializeToString(), images).reshape(3, 5)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("bits", "odd", "name"),
    [
        (1, False, "INT2"),
        (1, True, "INT2"),
        (2, False, "INT2"),
        (2, True, "INT4"),
        (3, False, "INT4"),
        (3, True, "INT4"),
        (4, False, "INT4"),
        (4, True, "INT8"),
        (5, False, "INT8"),
        (7, True, "INT8"),
        (8, False, "INT8"),
        (8, True, "INT16"),
        (32, False, "INT32"),
    ],
)
def test_the_narrowest_type_that_holds_the_grid(bits: int, odd: bool, name: str) -> None:
    found = weight_type(bits, odd=odd)
    assert found.name == name
    limits = grid(bits, "odd" if odd else "signed")
    assert -(1 << (found.bits - 1)) <= limits.q_min <= limits.q_max < 1 << (found.bits - 1)


def test_says_its_sizes_and_types_and_holds_weights_packed() -> None:
    artifact = every_mode()
    export = to_onnx(artifact)
    assert export.packed_bytes == len(write_artifact(artifact))
    assert export.onnx_bytes == len(export.content)
    model = onnx.load_from_string(export.content)
    names = {TensorProto.DataType.Name(t.data_type): t for t in model.graph.initializer}
    for found in export.weight_types:
        assert found.onnx_type in names
    packed = next(t for t in model.graph.initializer if t.data_type == TensorProto.INT2)
    assert len(packed.raw_data) == -(-np.prod(packed.dims) // 4)


def test_equal_networks_have_equal_models() -> None:
    assert to_onnx(every_mode(3)).content == to_onnx(every_mode(3)).content
