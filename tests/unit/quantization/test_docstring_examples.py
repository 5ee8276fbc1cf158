"""The worked examples in docstrings are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["fake_quantize", "grids", "packing"])
def test_examples_run(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"quantization.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
