"""The list of searches in a real browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def test_list_shows_a_search_and_opens_it(page: Page, script: Any) -> None:
    script.run_one(0.9)
    page.goto("/")
    card = page.locator(f"a.card[href='./?search={script.id}']")
    expect(card).to_contain_text("digits under test")
    expect(card).to_contain_text("running")
    expect(card).to_contain_text("1 of 30 trials")
    page.evaluate("window.sameDocument = true")
    card.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("digits under test")
    assert page.evaluate("window.sameDocument") is True
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Searches")


def test_list_follows_a_search_by_itself(page: Page, script: Any) -> None:
    page.goto("/")
    card = page.locator(f"a.card[href='./?search={script.id}']")
    expect(card).to_contain_text("0 of 30 trials")
    script.run_one(0.9)
    expect(card).to_contain_text("1 of 30 trials")


@pytest.mark.parametrize("address", ["/", "/?search={id}"])
def test_no_page_is_wider_than_a_phone(page: Page, script: Any, address: str) -> None:
    script.run_one(0.9)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address.format(id=script.id))
    expect(page.get_by_text("1 of 30 trials").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
