"""Memory for activations: what must exist at once when layers run in the order of the list."""

from collections.abc import Sequence

from search_space.layers import Layer


def peak_activation_bytes(layers: Sequence[Layer]) -> int:
    """Return the most bytes that tensors between layers take at any moment, for one image.

    Layers run in the order of the list. A tensor takes ``ceil(elements * activation_bits / 8)``
    bytes, from the layer that yields it to the last layer that reads it, so what a layer reads and
    what it yields exist together and the tensor around a residual block exists throughout it, in
    its own width. Logits have 32 bits. No layer works in place, and accumulators and unpacked
    weights, which depend on the runtime, are not counted.

    Args:
        layers: The network.
    """
    last_reader = list(range(len(layers)))
    for i, layer in enumerate(layers):
        for read in layer.inputs:
            last_reader[read] = i
    # bytes of the tensors that each layer reads last
    spent = [0] * len(layers)
    live = peak = 0
    for i, layer in enumerate(layers):
        elements = layer.out_channels * layer.out_height * layer.out_width
        n_bytes = (elements * layer.activation_bits + 7) // 8
        live += n_bytes
        peak = max(peak, live)
        spent[last_reader[i]] += n_bytes
        live -= spent[i]
    return peak
