"""What the model has learned, on the page of a search."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from search.explanations import BitStep, GeneImportance
from tests.browser.conftest import SearchScript
from tests.service import EXPLANATION

pytestmark = pytest.mark.browser

(STEP,) = EXPLANATION.bit_steps
(POINT,) = EXPLANATION.front
NARROWER: BitStep = replace(
    STEP, direction="narrower", bits=-2.0, accuracy=-0.03, costs={"size_bytes": -2048.0}
)
LEARNED = replace(
    EXPLANATION,
    importance=(
        GeneImportance(gene="a.weight_bits", share=0.75),
        GeneImportance(gene="stem.width", share=0.25),
    ),
    bit_steps=(STEP, NARROWER),
    front=(POINT, replace(POINT, number=1, costs={"size_bytes": 4096.0}, accuracy=0.95)),
)


def test_genes_steps_and_the_expected_front_are_shown(page: Page, service: Any) -> None:
    script = SearchScript(service, strategy={"name": "bayesian"})
    script.run_one(0.9)
    script.explain(LEARNED)
    script.close()
    page.goto(f"/?search={script.id}")
    page.get_by_text("What the model has learned").click()
    genes = page.get_by_role("region", name="Genes by importance").locator("tbody tr")
    expect(genes).to_have_count(2)
    assert [row.split("\t")[:2] for row in spaced(genes.all_inner_texts())] == [
        ["a.weight_bits", "75.0 %"],
        ["stem.width", "25.0 %"],
    ]
    steps = page.get_by_role("region", name="What a step of bits changes").locator("tbody tr")
    assert spaced(steps.all_inner_texts()) == [
        "a.weight_bits\t+2\t+1.00\t0.40\t+13 B\t3",
        "a.weight_bits\t−2\t−3.00\t0.40\t−2 KiB\t3",  # noqa: RUF001 - a minus sign
    ]
    expect(page.get_by_role("img", name="The predicted front: 2 networks")).to_be_visible()
    page.locator("summary", has_text="The predicted front as a table").click()
    front = page.get_by_role("region", name="The predicted front as a table").locator("tbody tr")
    assert spaced(front.all_inner_texts()) == [
        "Not trained\t90.0 %\t2.00 points\t1000 B",
        "Trial 1\t95.0 %\t2.00 points\t4 KiB",
    ]


def spaced(lines: list[str]) -> list[str]:
    return [line.replace("\u202f", " ") for line in lines]


def test_a_search_that_is_not_explained_yet_says_why(
    page: Page, service: Any, complaints: list[str]
) -> None:
    script = SearchScript(service, strategy={"name": "bayesian"})
    script.run_one(0.9)
    script.close()
    page.goto(f"/?search={script.id}")
    page.get_by_text("What the model has learned").click()
    panel = page.locator("details", has_text="What the model has learned")
    expect(panel.get_by_role("status")).to_contain_text("1 of the 5 trials it takes")
    complaints[:] = [text for text in complaints if "404" not in text]
