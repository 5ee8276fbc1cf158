"""One walk through a search of real processes: from the form to the report, in a real browser."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from bitpareto.sizes import parse_size
from quantization.artifact import read_artifact
from tests.e2e.service_process import Service as RunningService
from tests.e2e.service_process import started

pytestmark = pytest.mark.browser

N_TRIALS = 5
LATE_MS = 240_000
"""Real trials are trained meanwhile, on whatever machine this is."""


class Running:
    """A service with workers, for the fixtures of this folder."""

    def __init__(self, service: RunningService) -> None:
        self.address = service.url

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.address}/v1{path}").raise_for_status().json()
        return answer


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(tmp_path_factory.mktemp("walk"), "--train-workers", "1") as service:
        yield Running(service)


def submit(page: Page, name: str, n_trials: int, strategy: str) -> str:
    """Fill in and send the form; returns the search's id."""
    page.get_by_role("link", name="New search").first.click()
    page.get_by_role("button", name="A first look").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_text("Strategy", exact=True).click()
    page.get_by_label("Name", exact=True).nth(1).select_option(strategy)
    page.get_by_text("Recipe", exact=True).click()
    page.get_by_label("Float epochs").fill("1")
    page.get_by_label(re.compile("qat epochs", re.IGNORECASE)).fill("1")
    page.get_by_label("Max train images").fill("200")
    page.get_by_label("Max accuracy gap").fill("1")
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("Max trials").fill(str(n_trials))
    expect(page.get_by_role("region", name="This space")).to_contain_text("KiB")
    page.get_by_role("button", name="Start the search").click()
    page.wait_for_url(re.compile("search=sea_"), timeout=LATE_MS)
    return page.url.split("search=")[1].split("&")[0]


def test_from_the_form_to_the_report(page: Page, service: Running, tmp_path: Path) -> None:
    page.goto("/")
    search_id = submit(page, "walked", N_TRIALS, "random")
    page.evaluate("window.sameDocument = true")

    # the front grows while one looks at it
    rows = page.locator(".trials tbody tr")
    ends = rows.locator("td.state").filter(has_text=re.compile("completed|on the front"))
    expect(ends.first).to_be_visible(timeout=LATE_MS)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".title .pill")).to_have_text("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".title .pill")).to_have_text("succeeded", timeout=LATE_MS)
    expect(rows).to_have_count(N_TRIALS)
    front = service.get(f"/searches/{search_id}/front")
    page.get_by_text("The front as a table").click()
    expect(page.locator(".alternative tbody tr")).to_have_count(len(front["points"]))
    assert page.evaluate("window.sameDocument") is True

    # a budget and a brush leave what is within both
    sizes = sorted(
        t["costs"]["size_bytes"] for t in service.get(f"/searches/{search_id}/trials")["data"]
    )
    field = page.get_by_label("Within")
    field.fill(f"{sizes[3]} B")
    field.press("Enter")
    expect(rows).to_have_count(4)
    at_least = page.get_by_role("slider", name="Accuracy, at least")
    at_least.focus()
    page.keyboard.press("End")
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Clear brushes").click()
    field.fill("64 KiB")
    field.press("Enter")
    within = [s for s in sizes if s <= parse_size("64 KiB")]
    expect(rows).to_have_count(len(within))

    # the best within the budget: its page, and its file, which is what it claims
    page.locator(".selected-trial").get_by_role("link", name="Open the trial").click()
    page.wait_for_url(re.compile("trial=trl_"))
    trial = service.get(f"/trials/{page.url.split('trial=')[1].split('&')[0]}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Packed file").click()
    saved = tmp_path / "walked.bpar"
    download.value.save_as(saved)
    content = saved.read_bytes()
    assert len(content) == trial["costs"]["size_bytes"]
    assert hashlib.sha256(content).hexdigest() == trial["artifact"]["sha256"]
    assert read_artifact(content).candidate_hash == trial["candidate_hash"]

    # another search is cancelled, and both are compared in a report
    other_id = submit(page, "cancelled", 50, "regularized_evolution")
    expect(page.locator(".title .pill")).to_have_text("running", timeout=LATE_MS)
    page.get_by_role("button", name="Cancel search").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the search").click()
    expect(page.locator(".title .pill")).to_have_text("cancelled", timeout=LATE_MS)
    page.locator(".search-head").get_by_role("link", name="Compare").click()
    page.get_by_label("Add a search").select_option(search_id)
    expect(page.locator(".fronts .series-1 .mark")).to_have_count(len(front["points"]))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a report").click()
    report = tmp_path / "report.html"
    download.value.save_as(report)
    page.goto(report.as_uri())
    data = json.loads(page.locator("#data").text_content() or "")
    assert [len(found["points"]) for found in data][1] == len(front["points"])
    assert service.get(f"/searches/{other_id}")["state"] == "cancelled"
