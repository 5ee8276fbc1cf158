"""A snapped network computes what its file says."""

import numpy as np
import pytest
import torch

from networks.export import pack
from networks.network import QuantizedNetwork
from networks.snap import snap_steps, snap_to_file
from quantization.artifact import read_artifact, write_artifact
from quantization.integer_runtime import run
from quantization.packed_layer import LOGIT_SCALE, Artifact
from quantization.registry import QUANTIZERS
from tests.unit.networks.test_every_quantizer import layer_list, ready
from tests.unit.networks.test_networks import images


def packed(network: QuantizedNetwork) -> Artifact:
    return pack(network, candidate_hash="0" * 64, data_hash=bytes(16), seed=0, code_version="test")


def share_of_other_logits(network: QuantizedNetwork, artifact: Artifact) -> float:
    """Share of images with a logit that differs by more than the logits' own rounding."""
    shown = images(200)
    with torch.no_grad():
        expected = network(shown).double().numpy()
    logits = run(read_artifact(write_artifact(artifact)), shown.numpy()) * LOGIT_SCALE
    scale = np.abs(expected).max()
    return float(np.mean(np.abs(logits - expected).max(axis=1) > 1e-3 * scale))


@pytest.mark.parametrize("quantizer", QUANTIZERS)
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_network_and_file_agree_after_snapping(quantizer: str, bits: int) -> None:
    network = ready(layer_list(bits, bits), quantizer)
    before = share_of_other_logits(network, packed(network))
    snap_steps(network)
    artifact = packed(network)
    snap_to_file(network, artifact)
    after = share_of_other_logits(network, artifact)
    # what is left comes from the layer without batch norm, and from sums that lie between integers
    assert after <= 0.65 * before


def test_packing_again_gives_the_same_file() -> None:
    network = ready(layer_list(4, 4), "lsq")
    snap_steps(network)
    artifact = packed(network)
    snap_to_file(network, artifact)
    assert write_artifact(packed(network)) == write_artifact(artifact)


def test_steps_move_by_no_more_than_the_file_rounds() -> None:
    network = ready(layer_list(4, 4), "lsq")
    before = steps(network)
    snap_steps(network)
    moved = np.abs(steps(network) / before - 1)
    assert 0 < moved.max() < 3 / 4096


@torch.no_grad()
def steps(network: QuantizedNetwork) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    quantizers = [node.output_quantizer for node in network.nodes]
    return np.array([float(q.step(torch.empty(1))) for q in quantizers if q is not None])
