"""Activation memory: against a simulation that holds every tensor, and by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from search_space.layers import LOGIT_BITS, Layer, LayerList
from search_space.peak import peak_activation_bytes
from search_space.space import Space

seeds = st.integers(0, 2**32 - 1)


def tensor_bytes(layer: Layer) -> int:
    n_bits = layer.out_channels * layer.out_height * layer.out_width * layer.activation_bits
    return -(-n_bits // 8)


def simulate(layers: LayerList) -> int:
    """Run the layers with buffers by name; look ahead at every step for what is still needed."""
    buffers: dict[int, bytes] = {}
    most = 0
    for step, layer in enumerate(layers):
        assert all(source in buffers for source in layer.inputs), "a tensor is gone too early"
        buffers[step] = bytes(tensor_bytes(layer))
        most = max(most, sum(len(buffer) for buffer in buffers.values()))
        needed = {source for later in layers[step + 1 :] for source in later.inputs}
        for name in [name for name in buffers if name not in needed]:
            del buffers[name]
    assert not buffers
    return most


def random_network(rng: np.random.Generator) -> LayerList:
    """Layers that read any one or two earlier ones, of any shape: only lifetimes matter here."""
    layers: list[Layer] = []
    n_layers = int(rng.integers(2, 15))
    for i in range(n_layers):
        n_inputs = 0 if i == 0 else int(rng.integers(1, 3))
        layers.append(
            Layer(
                name=f"layer{i}",
                kind="input" if i == 0 else "add" if n_inputs == 2 else "max_pool",
                inputs=tuple(int(x) for x in rng.integers(0, max(i, 1), n_inputs)),
                out_channels=int(rng.integers(1, 9)),
                out_height=int(rng.integers(1, 7)),
                out_width=int(rng.integers(1, 7)),
                activation_bits=int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 32])),
            )
        )
    return tuple(layers)


@given(seed=seeds)
def test_the_peak_of_random_networks_is_that_of_the_simulation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        layers = random_network(rng)
        assert peak_activation_bytes(layers) == simulate(layers)


@given(seed=seeds)
def test_the_peak_of_candidates_is_that_of_the_simulation(space: Space, seed: int) -> None:
    layers = space.sample(np.random.default_rng(seed)).layers
    assert peak_activation_bytes(layers) == simulate(layers)


def test_a_residual_buffer_lives_through_its_block_in_its_own_width() -> None:
    def layer(name: str, inputs: tuple[int, ...], bits: int, side: int = 4) -> Layer:
        return Layer(
            name=name,
            kind="add",
            inputs=inputs,
            out_channels=2,
            out_height=side,
            out_width=side,
            activation_bits=bits,
        )

    layers = (
        layer("input", (), 8),  # 32 bytes
        layer("stem", (0,), 3),  # 32 * 3 / 8 = 12 bytes; with the image 44
        layer("conv1", (1,), 8),  # 32 bytes; with the stem 44
        layer("conv2", (2,), 5),  # 20 bytes; with the stem, kept for the sum, and conv1 64
        layer("add", (3, 1), 8),  # 32 bytes; with stem and conv2 64
        layer("classifier", (4,), LOGIT_BITS, side=1),  # two logits of 4 bytes; with the sum 40
    )
    assert peak_activation_bytes(layers) == 64
    assert peak_activation_bytes(layers[:3]) == 44
    assert peak_activation_bytes(layers[:1]) == 32
