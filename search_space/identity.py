"""The normal form of a layer list: what makes two networks the same network."""

import hashlib

from search_space.layers import LayerList

_VERSION = "bitpareto layer list 2"


def normal_form(layers: LayerList) -> str:
    """Return every field of every layer but its name, one line per layer.

    Names say where a layer came from, not what it computes, so two networks that differ only in
    names are one network.
    """
    lines = [_VERSION]
    lines += [
        f"{x.kind} {x.inputs} {x.out_channels} {x.out_height} {x.out_width} {x.kernel} {x.stride}"
        f" {x.padding} {x.groups} {x.activation} {x.batch_norm:d} {x.weight_bits}"
        f" {x.channel_weight_bits} {x.activation_bits}"
        for x in layers
    ]
    return "\n".join(lines)


def candidate_hash(layers: LayerList) -> str:
    """Return the sha256 (64 hexadecimal digits) of the normal form."""
    return hashlib.sha256(normal_form(layers).encode()).hexdigest()
