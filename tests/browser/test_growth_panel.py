"""The hypervolume over trials and compute time, beside searches of the same task."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SearchScript

pytestmark = pytest.mark.browser


@pytest.fixture
def baseline(service: Any) -> Iterator[SearchScript]:
    """A search of the same task by another strategy, and one of another task."""
    played = SearchScript(service, name="the baseline", strategy={"name": "random"})
    other = SearchScript(service, name="another task", budgets={"size_bytes": 100_000})
    yield played
    played.close()
    other.close()


def panel_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Hypervolume", exact=True)


def test_baselines_of_the_same_task_are_offered_and_drawn(
    page: Page, script: Any, baseline: SearchScript
) -> None:
    script.run_one(0.9)
    baseline.run_one(0.5)
    baseline.run_one(0.6)
    page.goto(f"/?search={script.id}")
    panel = panel_of(page)
    expect(panel.locator(".scatterlayer .trace")).to_have_count(1)
    box = panel.get_by_label("the baseline (random")
    expect(box).to_be_visible()
    expect(panel.get_by_label("another task")).to_have_count(0)
    box.check()
    expect(panel.locator(".scatterlayer .trace")).to_have_count(2)
    plot = panel.locator(".chart-plot")
    expect(plot).to_have_attribute("aria-label", re.compile(r"after 1 trial; the baseline: .* had"))
    panel.get_by_label("Over compute time").check()
    expect(panel.locator(".xtitle")).to_have_text("Compute time in seconds")
    expect(page).to_have_url(re.compile(f"baselines={baseline.id}"))
    expect(page).to_have_url(re.compile("over=compute"))
    page.goto(page.url)
    expect(panel.locator(".scatterlayer .trace")).to_have_count(2)
    expect(panel.get_by_label("Over compute time")).to_be_checked()
    panel.get_by_label("Over trials").check()
    panel.get_by_text("Hypervolume as a table").click()
    expect(panel.get_by_role("row", name=re.compile("^the baseline"))).not_to_have_count(0)


def test_the_growth_is_drawn_on_while_the_search_goes_on(page: Page, script: Any) -> None:
    page.goto(f"/?search={script.id}")
    panel = panel_of(page)
    expect(panel.get_by_text("The front has not changed yet.")).to_be_visible()
    script.run_one(0.5)
    plot = panel.locator(".chart-plot")
    expect(plot).to_have_attribute("aria-label", re.compile("after 1 trial"))
    script.run_one(0.9)
    expect(plot).to_have_attribute("aria-label", re.compile("after 2 trials"))
