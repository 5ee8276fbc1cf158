"""Costs are exact: computed here by hand for small networks, and monotone where they must be."""

import itertools
from collections.abc import Callable
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.costs import (
    Costs,
    LayerCosts,
    SizeBreakdown,
    cost_mapping,
    costs,
    float_size_bytes,
    layer_costs,
    mean_weight_bits,
    size_breakdown,
)
from search_space.layers import LOGIT_BITS, Layer, LayerList
from search_space.space import Space

seeds = st.integers(0, 2**32 - 1)
MakeSpace = Callable[..., Space]


def small_network() -> LayerList:
    """2x6x6 -> conv 3 channels -> depthwise stride 2 -> 1x1 -> add -> pool -> 5 classes."""

    def layer(
        kind: str, inputs: tuple[int, ...], channels: int, side: int, **more: object
    ) -> Layer:
        return Layer(
            name=f"{kind}{inputs}",
            kind=kind,  # type: ignore[arg-type]
            inputs=inputs,
            out_channels=channels,
            out_height=side,
            out_width=side,
            **more,  # type: ignore[arg-type]
        )

    return (
        layer("input", (), 2, 6),
        layer("conv", (0,), 3, 6, kernel=3, batch_norm=True, weight_bits=8, activation_bits=5),
        layer(
            "conv", (1,), 3, 3, kernel=2, stride=2, groups=3, batch_norm=True,
            weight_bits=3, activation_bits=4,
        ),
        layer("conv", (2,), 3, 3, batch_norm=False, weight_bits=2, activation_bits=7),
        layer("add", (3, 2), 3, 3, activation_bits=7),
        layer("max_pool", (4,), 3, 2, kernel=2, stride=2, activation_bits=7),
        layer("global_avg_pool", (5,), 3, 1, activation_bits=8),
        layer("linear", (6,), 5, 1, weight_bits=6, activation_bits=LOGIT_BITS),
    )  # fmt: skip


def test_costs_of_a_small_network_by_hand() -> None:
    rows = layer_costs(small_network())
    assert rows == [
        # 24 record + 2 channels of 2 + 2 bytes
        LayerCosts(n_weights=0, macs=0, bops=0, size_bytes=24 + 8),
        # 3*2*9 = 54 weights at 36 places; reads 8-bit pixels; 54 bytes, 3 channels of 2 + 2
        LayerCosts(n_weights=54, macs=1944, bops=1944 * 8 * 8, size_bytes=24 + 54 + 12),
        # 3*1*4 = 12 weights at 9 places; reads 5 bits; 36 bits = 4.5 bytes -> 5 -> even 6
        LayerCosts(n_weights=12, macs=108, bops=108 * 3 * 5, size_bytes=24 + 6 + 12),
        # 3*3 = 9 weights at 9 places; reads 4 bits; 18 bits = 2.25 bytes -> 3 -> even 4
        LayerCosts(n_weights=9, macs=81, bops=81 * 2 * 4, size_bytes=24 + 4 + 12),
        # two float16 multipliers
        LayerCosts(n_weights=0, macs=0, bops=0, size_bytes=24 + 4),
        LayerCosts(n_weights=0, macs=0, bops=0, size_bytes=24),
        # one float16 multiplier and two bytes of zeros
        LayerCosts(n_weights=0, macs=0, bops=0, size_bytes=24 + 4),
        # 5*3 = 15 weights; reads 8 bits; 90 bits = 11.25 bytes -> 12; 5 channels of 2 + 2
        LayerCosts(n_weights=15, macs=15, bops=15 * 6 * 8, size_bytes=24 + 12 + 20),
    ]
    total = Costs(
        size_bytes=128 + 8 * 24 + 8 + 66 + 18 + 16 + 4 + 4 + 32,
        macs=1944 + 108 + 81 + 15,
        bops=124416 + 1620 + 648 + 720,
        # image and first tensor: 2*36 bytes and 3*36 places of 5 bits, 67.5 bytes
        peak_activation_bytes=72 + 68,
        # batch norm has two numbers a channel, other layers with weights a bias a channel
        parameters=(54 + 2 * 3) + (12 + 2 * 3) + (9 + 3) + (15 + 5),
    )
    assert costs(small_network()) == total
    assert cost_mapping(small_network()) == {
        "size_bytes": total.size_bytes,
        "macs": total.macs,
        "bops": total.bops,
        "peak_activation_bytes": total.peak_activation_bytes,
    }


def conv(channels: int, side: int, inputs: tuple[int, ...] = (0,), **more: Any) -> Layer:
    return Layer(
        name="conv",
        kind="conv",
        inputs=inputs,
        out_channels=channels,
        out_height=side,
        out_width=side,
        **more,
    )


def image(channels: int, side: int) -> Layer:
    return Layer(
        name="input",
        kind="input",
        inputs=(),
        out_channels=channels,
        out_height=side,
        out_width=side,
    )


def test_bit_operations_of_a_chain_of_convolutions_by_hand() -> None:
    layers = (
        image(3, 8),
        # 4 channels x 3 read x 25 taps x 16 places, 1-bit weights, 8-bit pixels
        conv(4, 4, kernel=5, stride=2, weight_bits=1, activation_bits=2),
        # depthwise: 4 channels x 9 taps x 16 places, 32-bit weights, reads 2 bits
        conv(4, 4, (1,), kernel=3, groups=4, weight_bits=32, activation_bits=32),
        # 6 channels x 4 read x 16 places, 7-bit weights, reads 32 bits
        conv(6, 4, (2,), weight_bits=7, activation_bits=1),
    )
    assert costs(layers).bops == 4800 * 1 * 8 + 576 * 32 * 2 + 384 * 7 * 32


def test_bit_operations_with_widths_per_channel_by_hand() -> None:
    layers = (
        image(2, 5),
        # three channels of 2 x 9 weights at 25 places, in 1, 4 and 6 bits; pixels have 8
        conv(3, 5, kernel=3, weight_bits=6, channel_weight_bits=(1, 4, 6), activation_bits=3),
        # grouped: two channels, each 3 channels' worth of one tap at 25 places; reads 3 bits
        conv(2, 5, (1,), weight_bits=5, channel_weight_bits=(2, 5), activation_bits=8),
    )
    first = 18 * 25 * 1 * 8 + 18 * 25 * 4 * 8 + 18 * 25 * 6 * 8
    second = 3 * 25 * 2 * 3 + 3 * 25 * 5 * 3
    assert costs(layers).bops == first + second
    assert costs(layers).macs == 3 * 18 * 25 + 2 * 3 * 25
    assert mean_weight_bits(layers) == (18 * 11 + 3 * 7) / (3 * 18 + 2 * 3)


def test_bit_operations_of_a_residual_network_by_hand() -> None:
    layers = (
        image(1, 4),
        conv(2, 4, kernel=3, weight_bits=8, activation_bits=5),
        conv(2, 4, (1,), kernel=3, weight_bits=2, activation_bits=7),
        replace(conv(2, 4, (2, 1), activation_bits=6), kind="add"),
        replace(conv(4, 2, (3,), stride=2, activation_bits=6), kind="pad_channels"),
        replace(conv(4, 1, (4,), activation_bits=4), kind="global_avg_pool"),
        replace(conv(3, 1, (5,), weight_bits=3, activation_bits=LOGIT_BITS), kind="linear"),
    )
    # sums, padding and averages multiply nothing of their own
    expected = 2 * 9 * 16 * 8 * 8 + 2 * 2 * 9 * 16 * 2 * 5 + 3 * 4 * 3 * 4
    assert costs(layers).bops == expected


def test_widths_per_channel_in_the_file_by_hand() -> None:
    weights = conv(5, 3, kernel=3, weight_bits=7, channel_weight_bits=(1, 1, 7, 2, 1))
    layers = (image(1, 3), weights)
    # 9 weights a channel in 1 + 1 + 7 + 2 + 1 bits: 108 bits, 14 bytes; a nibble a channel: 3;
    # one byte to an even length; five multipliers and five biases of two bytes
    assert layer_costs(layers)[1].size_bytes == 24 + 14 + 3 + 1 + 10 + 10
    assert size_breakdown(layers) == SizeBreakdown(
        header=128,
        records=48,
        weights=14,
        channel_widths=3,
        multipliers=2 + 10,
        biases=2 + 10,
        padding=1,
    )
    assert size_breakdown(layers).size_bytes == costs(layers).size_bytes


def test_breakdown_of_a_small_network_by_hand() -> None:
    assert size_breakdown(small_network()) == SizeBreakdown(
        header=128,
        records=8 * 24,
        weights=54 + 5 + 3 + 12,
        channel_widths=0,
        # image, three convolutions, both terms of the sum, the average, the classes
        multipliers=2 * (2 + 3 + 3 + 3 + 2 + 1 + 5),
        biases=2 * (2 + 3 + 3 + 3 + 5),
        # 5 bytes and 3 bytes of weights to even lengths, two bytes behind the average
        padding=1 + 1 + 2,
    )


@given(seed=seeds)
def test_the_breakdown_sums_to_the_size(space: Space, seed: int) -> None:
    layers = space.sample(np.random.default_rng(seed)).layers
    assert size_breakdown(layers).size_bytes == costs(layers).size_bytes
    assert min(astuple(size_breakdown(layers))) >= 0


def test_float_size_by_hand() -> None:
    # header, eight records, then 4 bytes a weight and a bias per channel
    expected = 128 + 8 * 24 + 4 * (54 + 3) + 4 * (12 + 3) + 4 * (9 + 3) + 4 * (15 + 5)
    assert float_size_bytes(small_network()) == expected


def test_mean_weight_bits_by_hand() -> None:
    expected = (54 * 8 + 12 * 3 + 9 * 2 + 15 * 6) / (54 + 12 + 9 + 15)
    assert mean_weight_bits(small_network()) == pytest.approx(expected, rel=1e-15)


def test_a_linear_layer_reads_every_place() -> None:
    network = (
        replace(small_network()[0], out_channels=2, out_height=3, out_width=5),
        Layer(
            name="linear", kind="linear", inputs=(0,), out_channels=7, out_height=1, out_width=1,
            weight_bits=8, activation_bits=LOGIT_BITS,
        ),
    )  # fmt: skip
    assert layer_costs(network)[1].n_weights == 7 * 2 * 3 * 5


@given(seed=seeds)
def test_costs_are_the_sums_of_the_rows(space: Space, seed: int) -> None:
    layers = space.sample(np.random.default_rng(seed)).layers
    rows, total = layer_costs(layers), costs(layers)
    assert total.size_bytes == 128 + sum(row.size_bytes for row in rows)
    assert total.size_bytes % 2 == 0
    assert (total.macs, total.bops) == (sum(r.macs for r in rows), sum(r.bops for r in rows))
    assert total.size_bytes < float_size_bytes(layers)


@given(seed=seeds)
def test_more_bits_never_cost_less(space: Space, seed: int) -> None:
    """Each weight width takes room and operations, an activation width neither room nor MACs.

    Without the table of widths, that is: a layer whose channels come to agree loses it.
    """
    rng = np.random.default_rng(seed)
    genes = dict(space.sample(rng).genes)
    choices = {gene.name: gene.choices for gene in space.genes if gene.name.endswith("_bits")}
    name = str(rng.choice([name for name in genes if name in choices]))
    ladder = [space.candidate(genes | {name: bits}).layers for bits in choices[name]]
    for fewer, more in itertools.pairwise(ladder):
        before, after = costs(fewer), costs(more)
        assert after.macs == before.macs
        assert after.parameters == before.parameters
        if name.endswith("activation_bits"):
            assert after.size_bytes == before.size_bytes
            # a tensor that only sums and pools read takes part in no multiplication
            assert after.bops >= before.bops
            assert after.peak_activation_bytes >= before.peak_activation_bytes
        else:
            assert size_breakdown(more).weights >= size_breakdown(fewer).weights
            assert mean_weight_bits(more) > mean_weight_bits(fewer)
            assert after.bops > before.bops
            assert after.peak_activation_bytes == before.peak_activation_bytes


def test_uniform_four_bit_weights_take_half_of_eight(make_space: MakeSpace) -> None:
    def weight_bytes(bits: int) -> int:
        space = make_space(
            "resnet", weight_bits=[bits], first_layer_bits=bits, last_layer_bits=bits
        )
        layers = space.candidate({g.name: g.choices[0] for g in space.genes}).layers
        return sum(
            row.size_bytes - 24 - 4 * layer.out_channels
            for layer, row in zip(layers, layer_costs(layers), strict=True)
            if row.n_weights
        )

    assert 2 * weight_bytes(4) == weight_bytes(8)
