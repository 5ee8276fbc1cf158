"""Layer lists as JSON, for the store."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from search_space.layers import Layer, LayerList

_FIELDS: Final = tuple(field.name for field in fields(Layer))
_TUPLES: Final = ("inputs", "padding", "channel_weight_bits")


def layers_to_json(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return one plain object per layer, with every field."""
    rows = [{name: getattr(layer, name) for name in _FIELDS} for layer in layers]
    for row in rows:
        row |= {name: list(row[name]) for name in _TUPLES}
    return rows


def layers_from_json(rows: Sequence[Mapping[str, Any]]) -> LayerList:
    """Return the layer list that ``layers_to_json`` wrote."""
    return tuple(
        Layer(**{**row, **{name: tuple(row.get(name, ())) for name in _TUPLES}}) for row in rows
    )
