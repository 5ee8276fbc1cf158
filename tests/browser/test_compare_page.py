"""Searches and trials side by side, and the report of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import SearchScript

pytestmark = pytest.mark.browser

EVIL = "</script><img src=x onerror=alert(1)> & co"


@pytest.fixture
def other(service: Any) -> Iterator[SearchScript]:
    played = SearchScript(service, name=EVIL, seed=5, budgets={"size_bytes": 100_000})
    yield played
    played.close()


def front_of(service: Any, script: Any) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = httpx.get(
        f"{service.address}/v1/searches/{script.id}/front"
    ).json()["points"]
    return points


def test_fronts_lie_over_one_another(page: Page, service: Any, script: Any, other: Any) -> None:
    for accuracy in (0.7, 0.8, 0.9):
        script.run_one(accuracy)
    other.run_one(0.85)
    page.goto(f"/?search={script.id}")
    page.locator(".search-head").get_by_role("link", name="Compare").click()
    page.get_by_label("Add a search").select_option(other.id)
    expect(page.locator(".fronts .series")).to_have_count(2)
    marks = page.locator(".fronts .series-0 .mark")
    expect(marks).to_have_count(len(front_of(service, script)))
    rows = page.locator("section", has_text="Differences").locator("tbody tr")
    seeds = rows.filter(has_text="Seed").locator("td")
    assert seeds.all_text_contents() == ["0", "5"]
    expect(rows.filter(has_text="Data set")).to_have_count(0)  # the same in both
    page.get_by_label("Only what differs").uncheck()
    expect(rows.filter(has_text="Data set")).to_have_count(1)
    page.wait_for_url(re.compile(f"items={script.id}%2C{other.id}"))
    page.reload()
    expect(page.locator(".fronts .series")).to_have_count(2)


def test_navigation_to_compare_begins_anew_and_back_returns(page: Page, script: Any) -> None:
    ids = [script.run_one(0.8), script.run_one(0.9)]
    page.goto(f"/?page=compare&items={','.join(ids)}")
    expect(page.locator(".legend li")).to_have_count(2)
    page.get_by_role("link", name="Skip to content").press("Enter")
    expect(page).to_have_url(re.compile("#content$"))
    expect(page.locator(".legend li")).to_have_count(2)  # a fragment shows nothing else
    page.get_by_role("navigation").get_by_role("link", name="Compare").click()
    expect(page.get_by_text("Nothing to compare yet")).to_be_visible()
    expect(page.locator(".legend li")).to_have_count(0)
    page.go_back()
    expect(page.locator(".legend li")).to_have_count(2)


def test_trials_are_compared_gene_by_gene(page: Page, service: Any, script: Any) -> None:
    ids = [script.run_one(0.8), script.run_one(0.9)]
    page.goto(f"/?page=compare&items={','.join(ids)}")
    genes = [httpx.get(f"{service.address}/v1/trials/{id_}").json()["genes"] for id_ in ids]
    name = next(key for key in genes[0] if genes[1].get(key) not in (None, genes[0][key]))
    row = page.locator("tr", has=page.get_by_role("rowheader", name=name, exact=True))
    expect(row.locator("td").first).to_have_text(str(genes[0][name]))
    accuracy = page.locator("tr", has=page.get_by_role("rowheader", name="Accuracy", exact=True))
    expect(accuracy.locator("td").last).to_contain_text("+10.0 points")  # no share of a share
    expect(row.locator("td").last).to_contain_text(str(genes[1][name]))


def test_unknown_item_is_explained_and_left_out(
    page: Page, script: Any, complaints: list[str]
) -> None:
    script.run_one(0.8)
    page.goto(f"/?page=compare&items={script.id},trl_unknown")
    expect(page.get_by_role("alert").filter(has_text="trl_unknown")).to_be_visible()
    expect(page.locator(".fronts .series")).to_have_count(1)
    complaints[:] = [text for text in complaints if "404" not in text]


def test_report_opens_from_a_disk_without_a_server(
    page: Page,
    context: BrowserContext,
    service: Any,
    script: Any,
    other: Any,
    complaints: list[str],
    tmp_path: Path,
) -> None:
    for accuracy in (0.7, 0.9):
        script.run_one(accuracy)
    other.run_one(0.85)
    page.goto(f"/?page=compare&items={script.id},{other.id}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a report").click()
    saved = tmp_path / "report.html"
    download.value.save_as(saved)
    context.set_offline(True)
    try:
        page.goto(saved.as_uri())
        expect(page.locator(".fronts .series")).to_have_count(2)
        expect(page.get_by_role("heading", level=1)).to_contain_text(EVIL)
        assert page.locator("img").count() == 0
        data = json.loads(page.locator("#data").text_content() or "")
    finally:
        context.set_offline(False)
    drawn = [point["bytes"] for point in data[0]["points"]]
    assert drawn == [point["trial"]["costs"]["size_bytes"] for point in front_of(service, script)]
    assert "http" not in saved.read_text().replace("http-equiv", "").replace("http://www.w3", "")
    assert complaints == []
