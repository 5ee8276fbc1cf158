"""The list of searches in a real browser."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def row_of(page: Page, search_id: str) -> Locator:
    return page.locator("tr", has=page.locator(f"a[href='./?search={search_id}']"))


def names(page: Page) -> list[str]:
    return page.locator(".searches tbody a").all_inner_texts()


def test_list_shows_a_search_and_opens_it(page: Page, script: Any) -> None:
    script.run_one(0.9)
    script.run_one(0.8)
    page.goto("/")
    row = row_of(page, script.id)
    found = httpx.get(f"{page.url}v1/searches/{script.id}").json()
    for words in ("digits under test", "running", "no optimize worker", "2 of 30 trials", "90.0"):
        expect(row).to_contain_text(words)
    expect(row).to_contain_text(f"{found['hypervolume']:.4f}")
    n_points = len(found["growth"])
    drawn = row.locator(".sparkline path").get_attribute("d") if n_points > 1 else "M"
    assert (drawn or "").count("H") == n_points - 1
    page.evaluate("window.sameDocument = true")
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("digits under test")
    assert page.evaluate("window.sameDocument") is True
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Searches")


def test_list_follows_a_search_by_itself(page: Page, script: Any) -> None:
    page.goto("/")
    row = row_of(page, script.id)
    expect(row).to_contain_text("0 of 30 trials")
    link = row.get_by_role("link")
    link.focus()
    script.run_one(0.9)
    expect(row).to_contain_text("1 of 30 trials")
    expect(link).to_be_focused()


def test_the_address_holds_what_is_found_and_how_it_is_sorted(page: Page, service: Any) -> None:
    body = {"dataset": "digits", "space": {"family": "mobilenetv2"}}
    ids = []
    for name in ("Kestrel b", "kestrel a", "heron"):
        made = httpx.post(f"{service.address}/v1/searches", json={**body, "name": name})
        ids.append(made.json()["id"])
    httpx.post(f"{service.address}/v1/searches/{ids[0]}:cancel")
    page.goto("/")
    page.get_by_label("Find").fill("KESTREL")
    expect(page.locator(".searches tbody tr")).to_have_count(2)
    assert names(page) == ["kestrel a", "Kestrel b"]
    page.locator("button.sort", has_text="Search").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Search")
    page.locator("button.sort", has_text="Search").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Search")
    page.get_by_label("State").select_option("Cancelled")
    expect(page.locator(".searches tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile("state=cancelled"))
    kept = page.url
    page.goto("/?page=new")
    page.goto(kept)
    expect(page.locator(".searches tbody tr")).to_have_count(1)
    expect(page.get_by_label("Find")).to_have_value("KESTREL")
    expect(page.get_by_label("State")).to_have_value("cancelled")
    expect(page.get_by_label("Order")).to_have_value("-name")
    page.get_by_label("Find").fill("nothing is called this")
    expect(page.get_by_text("No search fits")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(row_of(page, ids[2])).to_be_visible()


def test_a_long_list_comes_in_pages(page: Page, service: Any) -> None:
    body = {"dataset": "digits", "space": {"family": "mobilenetv2"}}
    for i in range(53):
        made = httpx.post(f"{service.address}/v1/searches", json={**body, "name": f"flock {i:02}"})
        made.raise_for_status()
    page.goto("/?name=flock&sort=name")
    expect(page.locator(".searches tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".searches tbody tr")).to_have_count(53)
    assert names(page) == [f"flock {i:02}" for i in range(53)]
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.wait_for_timeout(3500)  # read anew: nothing goes, nothing comes twice
    assert names(page) == [f"flock {i:02}" for i in range(53)]


@pytest.mark.parametrize("address", ["/", "/?search={id}"])
def test_no_page_is_wider_than_a_phone(page: Page, script: Any, address: str) -> None:
    script.run_one(0.9)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(address.format(id=script.id))
    expect(page.get_by_text("1 of 30 trials").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
