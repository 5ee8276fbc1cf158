"""Time and energy are the sums written in the profile; what cannot run is named."""

import math
from dataclasses import replace

import pytest

from search_space.costs import costs
from search_space.hardware.estimate import (
    cost_names,
    energy_uj,
    exact_costs,
    latency_ms,
    layer_estimates,
    runs_every_layer,
    violations,
)
from search_space.hardware.facts import mac_kind
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.layers import LOGIT_BITS, Layer, LayerList

PER_MAC = """\
schema: 1
name: device
flash_bytes: 1000
ram_bytes: 100
pairs:
  conv: [[8, 8], [4, 8], [2, 8], [4, 4]]
  depthwise: [[8, 8]]
cost:
  model: per_mac
  time_unit: us
  energy_unit: nJ
  rates:
    - {kinds: [conv], bits: [8, 8], time: {mac: 3, layer: 7}, energy: {mac: 1}}
    - {kinds: [conv], bits: [4, 8], time: {mac: 2, weight_byte: 5}}
    - {kinds: [conv], bits: [2, 8], time: {mac: 1, weight_byte: 5}}
    - {kinds: [conv], bits: [4, 4], time: {input_byte: 11, output_byte: 13}}
  other: {time: {input_byte: 17, layer: 19}, energy: {output_byte: 23}}
"""


def network(
    *, bits: tuple[int, int, int] = (8, 8, 8), activations: tuple[int, int, int] = (8, 8, 8)
) -> LayerList:
    """A 3x3 convolution, a depthwise one, a mean and a linear layer, on a 4x4 image."""
    return (
        Layer(name="input", kind="input", inputs=(), out_channels=1, out_height=4, out_width=4),
        Layer(
            name="stem",
            kind="conv",
            inputs=(0,),
            out_channels=4,
            out_height=4,
            out_width=4,
            kernel=3,
            padding=(1, 1),
            weight_bits=bits[0],
            activation_bits=activations[0],
        ),
        Layer(
            name="depthwise",
            kind="conv",
            inputs=(1,),
            out_channels=4,
            out_height=2,
            out_width=2,
            kernel=3,
            stride=2,
            padding=(1, 1),
            groups=4,
            weight_bits=bits[1],
            activation_bits=activations[1],
        ),
        Layer(
            name="pool",
            kind="global_avg_pool",
            inputs=(2,),
            out_channels=4,
            out_height=1,
            out_width=1,
            activation_bits=activations[2],
        ),
        Layer(
            name="classifier",
            kind="linear",
            inputs=(3,),
            out_channels=10,
            out_height=1,
            out_width=1,
            weight_bits=bits[2],
            activation_bits=LOGIT_BITS,
        ),
    )


def test_kinds_of_layers() -> None:
    layers = network()
    assert [mac_kind(layers, x) for x in layers] == [None, "conv", "depthwise", None, "linear"]
    pointwise = replace(layers[1], kernel=1, padding=(0, 0))
    # with one channel in, a convolution of one group is no depthwise one
    assert mac_kind((layers[0], pointwise), pointwise) == "pointwise"
    grouped = replace(layers[2], groups=2)
    assert mac_kind((layers[0], layers[1], grouped), grouped) == "conv"


def test_costs_by_hand() -> None:
    profile = read_profile(PER_MAC)
    # depthwise layers have no costs of their own, so those of conv stand in
    first, second, pool, last = layer_estimates(network(bits=(4, 8, 2)), profile)
    assert first.time_ms * 1e3 == pytest.approx(2 * 36 * 16 + 5 * 36 * 4 / 8)
    assert second.time_ms * 1e3 == pytest.approx(3 * 36 * 4 + 7)
    assert second.energy_uj * 1e3 == pytest.approx(36 * 4)
    assert pool.time_ms * 1e3 == pytest.approx(17 * 16 + 19)
    assert pool.energy_uj * 1e3 == pytest.approx(23 * 4)
    assert last.time_ms * 1e3 == pytest.approx(40 + 5 * 40 * 2 / 8)
    total = first.time_ms + second.time_ms + pool.time_ms + last.time_ms
    assert latency_ms(network(bits=(4, 8, 2)), profile) == pytest.approx(total)
    assert energy_uj(network(bits=(4, 8, 2)), profile) * 1e3 == pytest.approx(36 * 4 + 23 * 4)


def test_bytes_are_counted_at_their_width() -> None:
    profile = read_profile(PER_MAC)
    layers = network(bits=(8, 4, 8), activations=(4, 4, 8))
    second = layer_estimates(layers, profile)[1]
    assert second.time_ms * 1e3 == pytest.approx(11 * 64 * 4 / 8 + 13 * 16 * 4 / 8)


def test_channels_of_different_widths_take_their_mean() -> None:
    profile = read_profile(PER_MAC)
    layers = [*network()]
    layers[1] = replace(layers[1], weight_bits=8, channel_weight_bits=(8, 4, 2, 2))
    uniform = [
        layer_estimates(network(bits=(bits, 8, 8)), profile)[0].time_ms for bits in (8, 4, 2)
    ]
    mixed = layer_estimates(layers, profile)[0].time_ms
    assert mixed == pytest.approx((uniform[0] + uniform[1] + 2 * uniform[2]) / 4)


def test_a_bit_serial_device_takes_time_by_the_product_of_widths() -> None:
    profile = read_profile(shipped_profiles()["bit-serial"])
    for bits, activations in (((8, 8, 8), (8, 8, 8)), ((3, 1, 5), (2, 7, 6))):
        layers = network(bits=bits, activations=activations)
        nanoseconds = costs(layers).bops * 10 / 4096
        assert latency_ms(layers, profile) == pytest.approx(nanoseconds / 1e6)


def test_all_costs_come_from_one_function() -> None:
    layers, profile = network(), read_profile(PER_MAC)
    known = exact_costs(layers, profile)
    assert tuple(known) == cost_names(profile)
    assert known["latency_ms"] == latency_ms(layers, profile)
    assert known["energy_uj"] == energy_uj(layers, profile)
    assert tuple(exact_costs(layers)) == cost_names(None)
    without = read_profile(PER_MAC.replace(", energy: {mac: 1}", ""))
    assert tuple(exact_costs(layers, without)) == cost_names(without)
    assert "energy_uj" not in cost_names(without)


def codes(layers: LayerList) -> list[tuple[str, str]]:
    profile = read_profile(PER_MAC)
    found = [(v.code, v.layer) for v in violations(layers, profile)]
    layers_run = all(code in ("flash_exceeded", "ram_exceeded") for code, _ in found)
    assert runs_every_layer(layers, profile) == layers_run
    return found


def test_what_cannot_run_is_named() -> None:
    assert codes(network()) == []
    assert codes(network(bits=(3, 8, 8))) == [("pair_not_allowed", "stem")]
    assert codes(network(bits=(8, 4, 8))) == [("pair_not_allowed", "depthwise")]
    # 8-bit weights are fine, yet not with tensors of 4 bits
    assert codes(network(activations=(8, 8, 4))) == [("pair_not_allowed", "classifier")]
    assert ("width_not_allowed", "depthwise") in codes(network(activations=(8, 3, 8)))
    layers = [*network()]
    layers[1] = replace(layers[1], weight_bits=8, channel_weight_bits=(8, 4, 2, 6))
    assert codes(tuple(layers)) == [("pair_not_allowed", "stem")]


def test_flash_and_ram_are_bounds() -> None:
    layers = network()
    exact = costs(layers)
    text = PER_MAC.replace("flash_bytes: 1000", f"flash_bytes: {exact.size_bytes}")
    text = text.replace("ram_bytes: 100", f"ram_bytes: {exact.peak_activation_bytes}")
    assert violations(layers, read_profile(text)) == []
    for key, value, code in (
        ("flash_bytes", exact.size_bytes, "flash_exceeded"),
        ("ram_bytes", exact.peak_activation_bytes, "ram_exceeded"),
    ):
        tight = read_profile(text.replace(f"{key}: {value}", f"{key}: {value - 1}"))
        assert [v.code for v in violations(layers, tight)] == [code]


def test_bounds_are_the_tighter_of_budget_and_device() -> None:
    profile = read_profile(PER_MAC)
    assert profile.bounds({}) == {"size_bytes": 1000, "peak_activation_bytes": 100}
    assert profile.bounds({"size_bytes": 500, "macs": 5}) == {
        "size_bytes": 500,
        "macs": 5,
        "peak_activation_bytes": 100,
    }
    assert profile.bounds({"size_bytes": 5000})["size_bytes"] == 1000


def test_what_has_no_cost_takes_forever() -> None:
    assert math.isinf(latency_ms(network(bits=(3, 8, 8)), read_profile(PER_MAC)))
