"""Time and energy of a network on a device, and what keeps it from running there."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from search_space.costs import COST_NAMES, cost_mapping
from search_space.hardware.facts import LayerFacts, layer_facts, mac_kind, widths
from search_space.hardware.lookup import look_up
from search_space.hardware.profile import (
    BitSerial,
    Effort,
    HardwareProfile,
    Lookup,
    MacKind,
    Pair,
    PerMac,
    Rates,
)
from search_space.layers import Layer

HARDWARE_COSTS = ("latency_ms", "energy_uj")
"""Exact costs that need a profile; energy is there only where the profile says something of it."""

_NS_PER_MS = 1e6
_PJ_PER_UJ = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerEstimate:
    """What a layer takes on a device.

    Attributes:
        time_ms: Infinite where the profile says nothing of the layer.
        energy_uj: Likewise.
        extrapolated: Whether it lies beyond the rows of the profile's table.
    """

    name: str
    time_ms: float
    energy_uj: float
    extrapolated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Why a network cannot run on a device.

    Attributes:
        code: ``pair_not_allowed``, ``width_not_allowed``, ``outside_table``, ``flash_exceeded`` or
            ``ram_exceeded``.
        layer: Name of the layer; empty where it is the network as a whole.
    """

    code: str
    layer: str
    detail: str


def layer_estimates(layers: Sequence[Layer], profile: HardwareProfile) -> list[LayerEstimate]:
    """Return what each layer takes, in order, ``input`` left out.

    A layer whose output channels have different widths takes the mean over its channels of what it
    would take with all of them at that channel's width.
    """
    taken = [(facts.layer.name, *_take(facts, profile)) for facts in layer_facts(layers)]
    return [
        LayerEstimate(
            name=name,
            time_ms=time / _NS_PER_MS,
            energy_uj=energy / _PJ_PER_UJ,
            extrapolated=extrapolated,
        )
        for name, time, energy, extrapolated in taken
    ]


def latency_ms(layers: Sequence[Layer], profile: HardwareProfile) -> float:
    """Return the milliseconds for one image: layers run one after the other."""
    return _network(layers, profile)[0]


def energy_uj(layers: Sequence[Layer], profile: HardwareProfile) -> float:
    """Return the microjoules for one image, the sum over layers."""
    return _network(layers, profile)[1]


def exact_costs(
    layers: Sequence[Layer], profile: HardwareProfile | None = None
) -> dict[str, int | float]:
    """Return every exact cost by name: those of ``cost_mapping``, and those of a profile."""
    costs: dict[str, int | float] = {**cost_mapping(layers)}
    if profile is not None:
        latency, energy = _network(layers, profile)
        costs["latency_ms"] = latency
        if profile.has_energy:
            costs["energy_uj"] = energy
    return costs


def cost_names(profile: HardwareProfile | None) -> tuple[str, ...]:
    """Return the names of the costs that ``exact_costs`` has."""
    if profile is None:
        return COST_NAMES
    return (*COST_NAMES, *(HARDWARE_COSTS if profile.has_energy else HARDWARE_COSTS[:1]))


def violations(layers: Sequence[Layer], profile: HardwareProfile) -> list[Violation]:
    """Return everything that keeps a network from running on a device."""
    found = [*_refused_widths(layers, profile)]
    if not found:
        found += [
            Violation(
                code="outside_table",
                layer=estimate.name,
                detail="the profile's table has nothing for this layer",
            )
            for estimate in layer_estimates(layers, profile)
            if not math.isfinite(estimate.time_ms)
        ]
    costs = cost_mapping(layers)
    for cost, most in profile.bounds({}).items():
        if costs[cost] > most:
            code = "flash_exceeded" if cost == "size_bytes" else "ram_exceeded"
            detail = f"{cost} is {costs[cost]}; the device has {most:.0f}"
            found.append(Violation(code=code, layer="", detail=detail))
    return found


def runs_every_layer(layers: Sequence[Layer], profile: HardwareProfile) -> bool:
    """Whether no single layer keeps a network from running; flash and RAM are not looked at."""
    if next(_refused_widths(layers, profile), None) is not None:
        return False
    # only a table can lack a layer whose widths are allowed
    return not isinstance(profile.cost, Lookup) or math.isfinite(latency_ms(layers, profile))


def _refused_widths(layers: Sequence[Layer], profile: HardwareProfile) -> Iterator[Violation]:
    known = profile.activation_bits
    for layer in layers[:-1]:
        if layer.activation_bits not in known:
            yield Violation(
                code="width_not_allowed",
                layer=layer.name,
                detail=f"no layer reads tensors of {layer.activation_bits} bits",
            )
    for layer in layers:
        kind = mac_kind(layers, layer)
        if kind is None:
            continue
        allowed = profile.pairs[kind]
        read_bits = layers[layer.inputs[0]].activation_bits
        for weight_bits in {*layer.channel_weight_bits} or {layer.weight_bits}:
            if (weight_bits, read_bits) not in allowed:
                shown = ", ".join(str(list(pair)) for pair in sorted(allowed))
                detail = f"[{weight_bits}, {read_bits}] is no pair of {kind} layers; allowed: "
                yield Violation(
                    code="pair_not_allowed", layer=layer.name, detail=f"{detail}{shown}"
                )


def _network(layers: Sequence[Layer], profile: HardwareProfile) -> tuple[float, float]:
    """Return milliseconds and microjoules."""
    time = energy = 0.0
    for facts in layer_facts(layers):
        layer_time, layer_energy, _ = _take(facts, profile)
        time += layer_time
        energy += layer_energy
    return time / _NS_PER_MS, energy / _PJ_PER_UJ


def _take(facts: LayerFacts, profile: HardwareProfile) -> tuple[float, float, bool]:
    """Return ns, pJ and whether it is extrapolated, of any layer."""
    kind, read_bits = facts.kind, facts.read.activation_bits
    if kind is None:
        return (*_by_rates(facts, (0, read_bits), profile.other), False)
    if not facts.layer.channel_weight_bits:
        return _at(facts, kind, (facts.layer.weight_bits, read_bits), profile.cost)
    time = energy = 0.0
    extrapolated = False
    for weight_bits, share in widths(facts.layer):
        part = _at(facts, kind, (weight_bits, read_bits), profile.cost)
        time, energy = time + share * part[0], energy + share * part[1]
        extrapolated |= part[2]
    return time, energy, extrapolated


def _at(
    facts: LayerFacts, kind: MacKind, pair: Pair, cost: PerMac | BitSerial | Lookup
) -> tuple[float, float, bool]:
    """Return ns, pJ and whether it is extrapolated, of a layer that multiplies, at one width."""
    if isinstance(cost, Lookup):
        return look_up(
            cost,
            kind,
            pair,
            kernel=facts.layer.kernel,
            stride=facts.layer.stride,
            numbers=facts.numbers,
        )
    if isinstance(cost, PerMac):
        effort = cost.efforts.get(kind, {}).get(pair)
    else:
        effort = cost.efforts.get(kind)
    if effort is None:
        return math.inf, math.inf, False
    return (*_by_rates(facts, pair, effort), False)


def _by_rates(facts: LayerFacts, pair: Pair, effort: Effort) -> tuple[float, float]:
    """Return ns and pJ."""
    weight_bits, read_bits = pair
    macs = facts.macs
    bit_operations = macs * weight_bits * read_bits
    weight_bytes = facts.weights * weight_bits / 8
    read, written = facts.input_bytes, facts.output_bytes

    def total(rates: Rates) -> float:
        return (
            macs * rates.mac
            + bit_operations * rates.bit_operation
            + weight_bytes * rates.weight_byte
            + read * rates.input_byte
            + written * rates.output_byte
            + rates.layer
        )

    return total(effort.time), total(effort.energy)
