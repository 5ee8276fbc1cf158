"""Quantizers are found by the recipe's name."""

import subprocess
import sys
from typing import get_args, get_type_hints

import pytest

from quantization.errors import UnknownQuantizerError
from quantization.registry import QUANTIZERS, quantizer_kind
from search.recipe import QUANTIZERS as RECIPE_NAMES
from search.recipe import Recipe


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


def test_recipes_know_the_same_names_without_loading_torch() -> None:
    assert tuple(QUANTIZERS) == RECIPE_NAMES == get_args(get_type_hints(Recipe)["quantizer"])
    program = "import sys, search.recipe; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
