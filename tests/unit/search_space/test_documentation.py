"""docs/search-spaces.md says what the code does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from search_space.families import FAMILIES
from search_space.families.family import COMMON_KEYS
from search_space.space import space_from_json

DOCUMENT = (Path(__file__).parents[3] / "docs" / "search-spaces.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)]


@pytest.mark.parametrize("declared", EXAMPLES, ids=lambda declared: declared["family"])
def test_every_example_is_a_space(declared: dict[str, Any]) -> None:
    assert space_from_json(declared, input_shape=(1, 28, 28), n_classes=10).genes


def test_every_family_is_described_and_shown() -> None:
    assert {declared["family"] for declared in EXAMPLES} == set(FAMILIES)
    for name, family in FAMILIES.items():
        assert f"\n## `{name}`\n" in DOCUMENT
        for key in family.keys:
            assert f"`{key}`" in DOCUMENT


def test_stated_defaults_are_the_defaults() -> None:
    stated = dict(re.findall(r"^\| `(\w+_bits)` \| [^|]* \| `([^`]*)` \|$", DOCUMENT, re.MULTILINE))
    bits = {name: json.loads(value) for name, value in stated.items()}
    assert set(bits) == {key for key in COMMON_KEYS if key.endswith("_bits")}
    for family in FAMILIES:
        implied = space_from_json({"family": family}, input_shape=(1, 8, 8), n_classes=10)
        explicit = space_from_json({"family": family} | bits, input_shape=(1, 8, 8), n_classes=10)
        assert implied.genes == explicit.genes
        assert implied.single == explicit.single
