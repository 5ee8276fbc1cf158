"""Weights by layer name reach the network whole, or not at all; files of tensors are read back."""

import json

import numpy as np
import pytest
import torch

from networks.build import build_network
from networks.float_weights import FloatWeightsError, float_tensors, load_float_weights
from networks.network import QuantizedNetwork
from networks.safetensors import SafetensorsError, read_safetensors, write_safetensors
from search_space.space import space_from_json


def _network(seed: int) -> QuantizedNetwork:
    space = space_from_json({"family": "resnet"}, input_shape=(1, 8, 8), n_classes=10)
    layers = space.sample(np.random.default_rng(0)).layers
    return build_network(layers, mean=[0.5], std=[0.5], seed=seed)


def _arrays(network: QuantizedNetwork) -> dict[str, np.ndarray]:
    return {name: t.detach().numpy().copy() for name, t in float_tensors(network).items()}


def test_a_network_with_anothers_weights_computes_what_the_other_does() -> None:
    source, target = _network(1), _network(2)
    images = torch.randint(0, 256, (8, 1, 8, 8), dtype=torch.uint8)
    source(images)  # in training mode, so that the statistics of batch norm differ too
    load_float_weights(target, _arrays(source))
    source.eval()
    target.eval()
    assert torch.equal(source(images), target(images))
    assert "classifier.bias" in float_tensors(target)
    assert "stem.batch_norm.running_var" in float_tensors(target)


def test_weights_of_another_network_are_refused_and_nothing_changes() -> None:
    network = _network(1)
    before = _arrays(network)
    wrong = _arrays(_network(2))
    wrong["elsewhere.weight"] = wrong.pop("classifier.weight")
    wrong["classifier.bias"] = wrong["classifier.bias"][:-1]
    wrong["stem.weight"][0, 0, 0, 0] = np.nan
    with pytest.raises(FloatWeightsError) as caught:
        load_float_weights(network, wrong)
    assert caught.value.missing == ("classifier.weight",)
    assert caught.value.unknown == ("elsewhere.weight",)
    assert set(caught.value.mismatched) == {"classifier.bias", "stem.weight"}
    after = _arrays(network)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_file_of_tensors_is_read_back() -> None:
    rng = np.random.default_rng(0)
    tensors = {
        "a.weight": rng.normal(size=(3, 2, 5)).astype(np.float32),
        "b": np.zeros((0, 4), dtype=np.float64),
        "c": np.arange(6, dtype=np.int64).reshape(2, 3).T,
        "d": np.float32(3.5).reshape(()),
    }
    data = write_safetensors(tensors)
    # by the format's definition, apart from the reader
    length = int.from_bytes(data[:8], "little")
    begin, end = json.loads(data[8 : 8 + length])["a.weight"]["data_offsets"]
    raw = np.frombuffer(data[8 + length :][begin:end], dtype="<f4")
    assert np.array_equal(raw.reshape(3, 2, 5), tensors["a.weight"])
    back = read_safetensors(data)
    assert list(back) == list(tensors)
    for name, tensor in tensors.items():
        assert back[name].dtype == tensor.dtype
        assert np.array_equal(back[name], tensor)


def _file(header: object) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(8)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "length of the header"),
        (b"\xff" * 8, "length of the header"),
        (_file([]), "header"),
        ((4).to_bytes(8, "little") + b"nope", "header"),
        (_file({"x": {"dtype": "F32", "shape": [2]}}), "x"),
        (_file({"x": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}), "x"),
        (_file({"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}), "x"),
        (_file({"x": {"dtype": "F32", "shape": [-2, -1], "data_offsets": [0, 8]}}), "x"),
        (_file({"x": {"dtype": "PICKLE", "shape": [2], "data_offsets": [0, 8]}}), "x"),
    ],
)
def test_a_malformed_file_of_tensors_is_refused_at_its_place(data: bytes, place: str) -> None:
    with pytest.raises(SafetensorsError) as caught:
        read_safetensors(data)
    assert caught.value.place == place
