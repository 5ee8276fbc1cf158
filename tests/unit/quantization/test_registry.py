"""Quantizers are found by the recipe's name."""

import pytest

from quantization.errors import UnknownQuantizerError
from quantization.registry import quantizer_kind


def test_lsq_makes_both_quantizers() -> None:
    kind = quantizer_kind("lsq")
    weight, activation = kind.weight(4, 8), kind.activation(3, False)
    assert weight.scale.shape == (8, 1, 1, 1)
    assert (float(weight.q_min), float(weight.q_max)) == (-8.0, 7.0)
    assert kind.weight(4, None).scale.shape == ()
    assert (float(activation.q_min), float(activation.q_max)) == (0.0, 7.0)
    assert (weight.role, activation.role) == ("weight", "activation")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownQuantizerError, match="lsq") as caught:
        quantizer_kind("nonsense")
    assert caught.value.name == "nonsense"
    assert "lsq" in caught.value.allowed
