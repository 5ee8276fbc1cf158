"""Layer lists as JSON, for the store."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from search_space.layers import Layer, LayerList


def layers_to_json(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return one plain object per layer."""
    return [
        {**asdict(layer), "inputs": list(layer.inputs), "padding": list(layer.padding)}
        for layer in layers
    ]


def layers_from_json(rows: Sequence[Mapping[str, Any]]) -> LayerList:
    """Return the layer list that ``layers_to_json`` wrote."""
    return tuple(
        Layer(**{**row, "inputs": tuple(row["inputs"]), "padding": tuple(row["padding"])})
        for row in rows
    )
