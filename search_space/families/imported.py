"""A network of the user's own: the architecture is fixed, the bits of its layers are searched."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from search_space.assembly import Assembly, Shape
from search_space.bits import BitPlan
from search_space.blueprint import Blueprint, Choices
from search_space.families.family import Family
from search_space.fields import Fields
from search_space.layers import INPUT_BITS, LayerList

NAME: Final = "imported"
MODEL: Final = "model"
"""Key of the declaration that says which uploaded model is meant."""
UNKNOWN_MODEL: Final = "unknown_model"
"""Code of the problem that it is none."""


def family(network: LayerList | None) -> Family:
    """Return the family of one network.

    Args:
        network: Its layers; their widths are replaced. ``None`` where the declaration names no
            model that exists, which is then a problem of the declaration.
    """
    return Family(keys=(MODEL,), declare=_declare_with(network))


def _declare_with(
    network: LayerList | None,
) -> Callable[[Fields, Shape, BitPlan], Blueprint]:
    def declare(root: Fields, shape: Shape, bits: BitPlan) -> Blueprint:
        if network is None:
            detail = "must be the id, the name or the sha256 of an uploaded model"
            root.problems.add(root.pointer(MODEL), UNKNOWN_MODEL, detail)
            return _blueprint((), shape, bits)
        image, logits = network[0], network[-1]
        takes = Shape(image.out_channels, image.out_height, image.out_width, logits.out_channels)
        if takes != shape:
            root.problems.add(
                root.pointer(MODEL),
                "shape_mismatch",
                f"has images of {_shown(takes)}; the data set has {_shown(shape)}",
                (_shown(shape),),
            )
        return _blueprint(network, shape, bits)

    return declare


def _blueprint(network: LayerList, shape: Shape, bits: BitPlan) -> Blueprint:
    weighted = {x.name: x.out_channels for x in network if x.kind in ("conv", "linear")}
    if weighted:
        first, *_ = weighted
        *_, last = weighted
        bits = replace(bits, first_layer=first, last_layer=last)
    if not any(layer.kind == "global_avg_pool" for layer in network):
        # nothing would ask for a gene
        bits = replace(bits, pool_bits=INPUT_BITS)

    def weighted_layers(_choices: Choices) -> Mapping[str, int]:
        return weighted

    def build(net: Assembly) -> None:
        tensors = [net.image]
        for layer in network[1:]:
            tensors.append(net.copy(layer, [tensors[i] for i in layer.inputs]))

    return Blueprint(shape=shape, bits=bits, genes=(), weighted_layers=weighted_layers, build=build)


def _shown(shape: Shape) -> str:
    return f"{shape.channels} x {shape.height} x {shape.width} and {shape.n_classes} classes"
