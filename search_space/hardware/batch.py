"""What thousands of assignments take on a device at once; see ``search_space.batch``."""

from dataclasses import dataclass, fields
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from search_space.batch import CostsOf, batch_costs, lay_out
from search_space.batch_assembly import LayerBatch
from search_space.bits import SUPPORTED_BITS
from search_space.hardware.lookup import look_up
from search_space.hardware.profile import (
    MAC_KINDS,
    HardwareProfile,
    Key,
    Lookup,
    PerMac,
    Rates,
)
from search_space.space import Places, Space

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

REFUSED: Final = "refused_layers"
"""One more than the places of a network whose widths the device does not compute, so that a budget
of 1 on it means none; smaller is nearer to one that runs."""

_KEYS: Final[tuple[Key, ...]] = get_args(Key)
_TERMS: Final = tuple(field.name for field in fields(Rates))
_N_BITS: Final = max(SUPPORTED_BITS) + 1
_ROWS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """A profile by number of the kind and the two widths.

    Attributes:
        allowed: ``(kinds, widths, widths)``.
        known: Widths that some layer reads, ``(widths,)``.
        rates: Time and energy of each term, ``(2, terms, kinds, widths, widths)``; ``None`` for
            tables of measured layers.
        other: Of layers that do not multiply, ``(2, terms)``.
    """

    allowed: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]
    rates: Floats | None
    other: Floats


def costs_on(space: Space, profile: HardwareProfile) -> CostsOf:
    """Return what computes all costs of assignments ``(m, n_genes)``, each ``(m,)``.

    These are the costs of ``exact_costs``, and ``REFUSED``. Time and energy are those of the layers
    that the device does compute.
    """
    tables = _tables(profile)

    def costs_of(places: Places) -> dict[str, npt.NDArray[np.int64] | Floats]:
        costs: dict[str, npt.NDArray[np.int64] | Floats] = {**batch_costs(space, places)}
        parts = [
            _costs(space, places[start : start + _ROWS], profile, tables)
            for start in range(0, max(len(places), 1), _ROWS)
        ]
        latency, energy, refused = np.concatenate(parts, axis=1)
        costs["latency_ms"] = latency
        if profile.has_energy:
            costs["energy_uj"] = energy
        costs[REFUSED] = refused
        return costs

    return costs_of


def _costs(space: Space, places: Places, profile: HardwareProfile, tables: _Tables) -> Floats:
    """Return milliseconds, microjoules and refused places, ``(3, m)``."""
    n = len(places)
    time, energy, refused = np.zeros(n), np.zeros(n), np.ones(n)
    layers = lay_out(space, places).layers
    for layer in layers:
        if layer is not layers[-1]:
            refused += layer.exists & ~tables.known[layer.activation_bits]
        if layer.kind == "input":
            continue
        if layer.kind not in ("conv", "linear"):
            layer_time, layer_energy = np.tensordot(tables.other, _amounts(layer, 0), axes=1)
        else:
            layer_time, layer_energy, layer_refused = _multiplying(layer, profile, tables)
            refused += layer.exists & layer_refused
        time += np.where(layer.exists, layer_time, 0)
        energy += np.where(layer.exists, layer_energy, 0)
    return np.stack([time / 1e6, energy / 1e6, refused])


def _multiplying(
    layer: LayerBatch, profile: HardwareProfile, tables: _Tables
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return ns, pJ and whether it is refused, each ``(m,)``."""
    n = len(layer.exists)
    kinds, read_bits = _kinds(layer), np.broadcast_to(layer.sources[0].bits, n)
    time, energy, refused = np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.bool_)
    for channels, bits in layer.widths:
        there = layer.exists & (np.broadcast_to(channels, n) > 0)
        share = np.where(there, channels / np.maximum(layer.channels, 1), 0.0)
        weight_bits = np.broadcast_to(bits, n)
        allowed = tables.allowed[kinds, weight_bits, read_bits]
        refused |= there & ~allowed
        if tables.rates is not None:
            rates = tables.rates[:, :, kinds, weight_bits, read_bits]
            costs = (rates * _amounts(layer, weight_bits)).sum(axis=1)
        else:
            costs, outside = _looked_up(layer, profile, kinds, weight_bits, there & allowed)
            refused |= outside
        time += np.where(there & allowed, costs[0], 0) * share
        energy += np.where(there & allowed, costs[1], 0) * share
    return time, energy, refused


def _kinds(layer: LayerBatch) -> Ints:
    """Return the place of each kind in ``MAC_KINDS``, ``(m,)``."""
    n = len(layer.exists)
    number = {kind: place for place, kind in enumerate(MAC_KINDS)}
    if layer.kind == "linear":
        return np.full(n, number["linear"])
    groups, kernel = np.broadcast_to(layer.groups, n), np.broadcast_to(layer.kernel, n)
    depthwise = (groups > 1) & (groups == layer.sources[0].channels)
    pointwise = (groups == 1) & (kernel == 1)
    kinds: Ints = np.where(
        depthwise,
        number["depthwise"],
        np.where(pointwise, number["pointwise"], number["conv"]),
    )
    return kinds


def _amounts(layer: LayerBatch, weight_bits: Ints | int) -> Floats:
    """Return how often each term of ``Rates`` counts, ``(terms, m)``."""
    n = len(layer.exists)
    read = sum(s.channels * s.height * s.width * s.bits / 8 for s in layer.sources)
    written = layer.channels * layer.height * layer.width * layer.activation_bits / 8
    amounts = {
        "mac": layer.macs,
        "bit_operation": layer.macs * weight_bits * layer.sources[0].bits,
        "weight_byte": layer.n_weights * weight_bits / 8,
        "input_byte": read,
        "output_byte": written,
        "layer": 1,
    }
    return np.stack([np.broadcast_to(np.asarray(amounts[t], np.float64), n) for t in _TERMS])


def _looked_up(
    layer: LayerBatch,
    profile: HardwareProfile,
    kinds: Ints,
    weight_bits: Ints,
    asked: npt.NDArray[np.bool_],
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return ns and pJ ``(2, m)`` and which are not in the table; every different layer once."""
    n = len(asked)
    costs, outside = np.zeros((2, n)), np.zeros(n, dtype=np.bool_)
    if not isinstance(profile.cost, Lookup) or not asked.any():
        return costs, outside
    source = layer.sources[0]
    columns = [kinds, weight_bits, source.bits, layer.kernel, layer.macs, layer.n_weights]
    columns += [source.channels, layer.channels, layer.height, layer.width]
    rows = np.stack([np.broadcast_to(column, n)[asked] for column in columns], axis=1)
    different, inverse = np.unique(rows, axis=0, return_inverse=True)
    found = np.array(
        [
            look_up(
                profile.cost,
                MAC_KINDS[kind],
                (weight, read),
                kernel=kernel,
                stride=layer.stride,
                numbers=dict(zip(_KEYS, numbers, strict=True)),
            )[:2]
            for kind, weight, read, kernel, *numbers in different.tolist()
        ]
    )
    costs[:, asked] = found[inverse.reshape(-1)].T
    outside[asked] = ~np.isfinite(costs[0, asked])
    costs[:, outside] = 0
    return costs, outside


def _tables(profile: HardwareProfile) -> _Tables:
    allowed = np.zeros((len(MAC_KINDS), _N_BITS, _N_BITS), dtype=np.bool_)
    known = np.zeros(_N_BITS, dtype=np.bool_)
    known[sorted(profile.activation_bits)] = True
    rates = np.zeros((2, len(_TERMS), *allowed.shape))
    for number, kind in enumerate(MAC_KINDS):
        for weight, read in profile.pairs[kind]:
            allowed[number, weight, read] = True
            if isinstance(profile.cost, Lookup):
                continue
            if isinstance(profile.cost, PerMac):
                effort = profile.cost.efforts[kind][weight, read]
            else:
                effort = profile.cost.efforts[kind]
            rates[0, :, number, weight, read] = _terms(effort.time)
            rates[1, :, number, weight, read] = _terms(effort.energy)
    return _Tables(
        allowed=allowed,
        known=known,
        rates=None if isinstance(profile.cost, Lookup) else rates,
        other=np.array([_terms(profile.other.time), _terms(profile.other.energy)]),
    )


def _terms(rates: Rates) -> list[float]:
    return [getattr(rates, term) for term in _TERMS]
