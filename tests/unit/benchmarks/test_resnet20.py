"""The published ResNet-20 decides in our network as its author's does."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from benchmarks.resnet20 import WIDE_SUM_BITS, pretrained_network, pretrained_path, resnet20
from networks.float_weights import FloatWeightsError
from networks.safetensors import read_safetensors, write_safetensors
from search_space.costs import costs
from training.batches import Resident
from training.datasets import DatasetUnavailableError
from training.datasets.places import data_dirs
from training.evaluation import decisions

N_IMAGES = 1000
N_RIGHT = 915
"""Of the first 1,000 test images. Of all 10,000 it is 9,173, as published: the benchmark
``resnet20_cifar10`` runs them."""


@pytest.fixture(scope="module")
def weights() -> Path:
    try:
        return pretrained_path()
    except DatasetUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def first_images() -> Resident:
    """The first test images, decoded here and not by the loader under test."""
    files = [file for folder in data_dirs() for file in folder.glob("cifar10/test-*.parquet")]
    if not files:
        pytest.skip("no parquet files of CIFAR-10 in a data folder")
    with pq.ParquetFile(files[0]) as file:
        rows = next(file.iter_batches(N_IMAGES)).to_pylist()
    pixels = [np.asarray(Image.open(io.BytesIO(row["img"]["bytes"]))) for row in rows]
    return Resident(
        images=torch.from_numpy(np.stack(pixels).transpose(0, 3, 1, 2).copy()),
        labels=torch.tensor([row["label"] for row in rows]),
    )


def test_the_published_weights_reach_the_published_accuracy(
    weights: Path, first_images: Resident
) -> None:
    network = pretrained_network(resnet20(4), weights)
    right = decisions(network, first_images) == first_images.labels
    assert int(right.sum()) == N_RIGHT


def test_the_network_has_the_published_number_of_weights() -> None:
    # as the author's table gives it: weights, biases and two numbers per batch-norm channel
    assert costs(resnet20(4)).parameters == 269_722


def test_products_have_the_stated_widths_and_sums_are_wide() -> None:
    layers = resnet20(3)
    products = Counter(
        (layer.weight_bits, layers[layer.inputs[0]].activation_bits)
        for layer in layers
        if layer.weight_bits
    )
    assert products == {(8, 8): 2, (3, 3): 18}
    summed = [layers[i] for layer in layers if layer.kind == "add" for i in layer.inputs]
    narrow = {layer.name for layer in summed if layer.activation_bits != WIDE_SUM_BITS}
    assert narrow == {"stem"}
    sums = Counter(layer.activation_bits for layer in layers if layer.kind == "add")
    assert sums == {WIDE_SUM_BITS: 9, 3: 8}


def test_every_sum_is_of_the_same_tensors_at_both_widths() -> None:
    layers = resnet20(2)
    adds = [layer for layer in layers if layer.kind == "add"]
    pairs = Counter(layer.inputs for layer in adds)
    assert sorted(pairs.values()) == [1, *[2] * 8]
    for a, b in pairs:
        assert layers[a].out_channels == layers[b].out_channels
        assert layers[a].out_height == layers[b].out_height


def test_a_file_that_lacks_a_tensor_is_refused(weights: Path, tmp_path: Path) -> None:
    tensors = read_safetensors(weights.read_bytes())
    assert isinstance(tensors.pop("layer2.1.bn2.running_var"), np.ndarray)
    lacking = tmp_path / "lacking.safetensors"
    lacking.write_bytes(write_safetensors(tensors))
    with pytest.raises(FloatWeightsError, match=r"stage2\.block1\.conv2\.batch_norm"):
        pretrained_network(resnet20(4), lacking)
