"""docs/hardware-profiles.md says what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from search.admission import admit
from search.datasets import DATASETS
from search_space.bits import SUPPORTED_BITS
from search_space.hardware.profile import MAC_KINDS, Key, Term
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles

DOCUMENT = (Path(__file__).parents[4] / "docs" / "hardware-profiles.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
HEAD = "schema: 1\nname: example\n"
COST = "cost: {model: bit_serial, rates: [{time: {bit_operation: 1}}]}\n"
PARTS = [block for block in BLOCKS if block.startswith(("pairs", "cost"))]


@pytest.mark.parametrize("part", PARTS)
def test_every_example_is_read(part: str) -> None:
    assert read_profile(HEAD + part + (COST if part.startswith("pairs") else "")).pairs


def test_every_model_is_shown() -> None:
    assert {m for part in PARTS for m in re.findall(r"model: (\w+)", part)} == {
        "per_mac",
        "bit_serial",
        "lookup",
    }
    for word in (*MAC_KINDS, *get_args(Key), *get_args(Term)):
        assert f"`{word}`" in DOCUMENT


def test_the_search_that_is_shown_is_let_in() -> None:
    (block,) = (block for block in BLOCKS if block.startswith("dataset"))
    fields = yaml.safe_load(block)
    profile = read_profile(shipped_profiles()[fields.pop("hardware")])
    fields["dataset"] = DATASETS[fields["dataset"]]
    assert admit(**fields, profile=profile).ref_point["latency_ms"] == 120


def test_the_error_that_is_shown_is_the_error() -> None:
    (line,) = re.findall(r"^line .*$", DOCUMENT, re.MULTILINE)
    assert line.endswith("; allowed: " + ", ".join(str(bits) for bits in SUPPORTED_BITS))


def test_shipped_profiles_and_errors_are_stated() -> None:
    for name in shipped_profiles():
        assert f"\n| `{name}` |" in DOCUMENT
    for percent in re.findall(r"[\d.]+ %", shipped_profiles()["bitfusion"]):
        assert f"| {percent} |" in DOCUMENT
