"""The page of one search, driven in a real browser against the real API and store."""

import hashlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FRONT_DRAWN = """(ids) => {
  const trace = document.querySelector('.chart-plot')?.data?.find((t) => t.name === 'Front');
  return JSON.stringify(trace?.customdata) === JSON.stringify(ids);
}"""
FRONT_TRACE = """() => {
  const trace = document.querySelector('.chart-plot').data.find((t) => t.name === 'Front');
  return { x: [...trace.x], y: [...trace.y],
           up: [...trace.error_y.array], down: [...trace.error_y.arrayminus] };
}"""


def front(service: Any, search_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{service.address}/v1/searches/{search_id}/front").raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


# where the front's points are on the screen
POINTS_ON_SCREEN = """() => {
  const plot = document.querySelector('.chart-plot');
  const { left, top } = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout;
  const trace = plot.data.find((t) => t.name === 'Front');
  return [...trace.x].map((x, i) => [left + xaxis._offset + xaxis.l2p(Math.log10(x)),
                                     top + yaxis._offset + yaxis.l2p(trace.y[i])]);
}"""


def ids_of(sent: dict[str, Any]) -> list[str]:
    return [point["trial"]["id"] for point in sent["points"]]


def assert_drawn_as_sent(page: Page, sent: dict[str, Any]) -> None:
    points = sent["points"]
    page.wait_for_function(FRONT_DRAWN, arg=ids_of(sent))
    drawn: dict[str, list[float]] = page.evaluate(FRONT_TRACE)
    assert drawn["x"] == [point["trial"]["costs"]["size_bytes"] for point in points]
    assert drawn["y"] == [point["trial"]["metrics"]["accuracy"] for point in points]
    for point, y, up, down in zip(points, drawn["y"], drawn["up"], drawn["down"], strict=True):
        low, high = point["accuracy_interval"]
        assert (y - down, y + up) == pytest.approx((low, high), rel=1e-12)


def test_front_is_the_one_the_server_sent(page: Page, service: Any, script: Any) -> None:
    for accuracy in (0.91, 0.94, 0.97, 0.96, 0.985):
        script.run_one(accuracy)
    page.goto(f"/?search={script.id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("digits under test")
    sent = front(service, script.id)
    assert sent["points"]
    assert_drawn_as_sent(page, sent)
    expect(page.locator(".tile", has_text="Hypervolume").locator(".big")).to_have_text(
        f"{sent['hypervolume']:.4f}"
    )
    page.get_by_text("The front as a table").click()
    expect(page.locator(".alternative tbody tr")).to_have_count(len(sent["points"]))


def test_finished_trial_appears_without_reload(page: Page, service: Any, script: Any) -> None:
    script.run_one(0.9)
    trial_id, waiting_id = script.propose(2)
    lease = script.claim(trial_id)
    page.goto(f"/?search={script.id}")
    assert_drawn_as_sent(page, front(service, script.id))
    page.evaluate("window.sameDocument = true")
    row = page.locator(".trials tbody tr", has=page.get_by_role("button", name="Trial 2"))
    expect(row.locator("td.state")).to_contain_text("running")
    # both are drawn at the size that is known before they are trained
    sizes = [
        httpx.get(f"{service.address}/v1/trials/{found}").json()["costs"]["size_bytes"]
        for found in (trial_id, waiting_id)
    ]
    open_trials = "() => [...document.querySelector('.chart-plot').data[4].x]"
    assert page.evaluate(open_trials) == sizes

    script.report(lease, 3, 20)
    expect(row.locator("td.state")).to_contain_text("float 3/20")
    script.report(lease, 4, 20)
    expect(row.locator("td.state")).to_contain_text("float 4/20")
    script.complete(lease, 0.99)
    expect(row.get_by_text("99.0")).to_be_visible()
    expect(row.get_by_role("link", name="Download")).to_be_visible()
    sent = front(service, script.id)
    assert trial_id in ids_of(sent)
    assert_drawn_as_sent(page, sent)
    expect(page.locator(".log")).to_contain_text(re.compile(r"Trial 2 joined the front: 99\.0.%"))
    expect(page.locator(".tile", has_text="Progress")).to_contain_text("2 of 30 trials")
    assert page.evaluate("window.sameDocument") is True


def test_failure_is_told_with_its_reason(page: Page, script: Any) -> None:
    page.goto(f"/?search={script.id}")
    expect(page.locator(".log")).to_contain_text("waiting for a worker")
    (trial_id,) = script.propose(1)
    script.fail(script.claim(trial_id))
    expect(page.locator(".trials tbody")).to_contain_text("diverged")
    expect(page.locator(".log")).to_contain_text("Trial 1 failed: training diverged")


def test_pause_and_resume(page: Page, service: Any, script: Any) -> None:
    script.propose(1)
    page.goto(f"/?search={script.id}")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".title .pill")).to_have_text("paused")
    assert httpx.get(f"{service.address}/v1/searches/{script.id}").json()["state"] == "paused"
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".title .pill")).to_have_text("running")
    assert httpx.get(f"{service.address}/v1/searches/{script.id}").json()["state"] == "running"


def test_cancel(page: Page, service: Any, script: Any) -> None:
    (trial_id,) = script.propose(1)
    page.goto(f"/?search={script.id}")
    page.get_by_role("button", name="Cancel search").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Keep it running").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Cancel search").click()
    dialog.get_by_role("button", name="Cancel the search").click()
    expect(page.locator(".title .pill")).to_have_text("cancelled")
    expect(page.locator(".trials tbody")).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Cancel search")).to_be_hidden()
    assert httpx.get(f"{service.address}/v1/trials/{trial_id}").json()["state"] == "cancelled"
    # a screen reader hears it
    expect(page.get_by_role("status").filter(has_text="is cancelled")).to_have_count(1)


def test_file_behind_a_point_has_the_size_it_claims(
    page: Page, service: Any, script: Any, tmp_path: Path
) -> None:
    trial_id = script.run_one(0.95)
    page.goto(f"/?search={script.id}")
    assert_drawn_as_sent(page, front(service, script.id))
    ((x, y),) = page.evaluate(POINTS_ON_SCREEN)
    page.mouse.move(x, y)  # the hover card must not break the content policy either
    expect(page.locator(".hoverlayer .hovertext")).to_contain_text("Trial 1")
    page.mouse.click(x, y)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download its file").click()
    saved = tmp_path / "artifact"
    download.value.save_as(saved)
    trial = httpx.get(f"{service.address}/v1/trials/{trial_id}").json()
    assert saved.stat().st_size == trial["costs"]["size_bytes"] == trial["artifact"]["size_bytes"]
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == trial["artifact"]["sha256"]


def test_trials_sort_by_any_column_with_the_keyboard(page: Page, script: Any) -> None:
    for accuracy in (0.95, 0.91, 0.97):
        script.run_one(accuracy)
    page.goto(f"/#/searches/{script.id}")
    rows = page.locator(".trials tbody tr")
    expect(rows).to_have_count(3)

    def accuracies() -> list[str]:
        found: list[str] = rows.locator("td:nth-child(3)").all_text_contents()
        return [text.split()[0] for text in found]

    heading = page.get_by_role("button", name="Accuracy")
    heading.focus()
    page.keyboard.press("Enter")
    assert accuracies() == ["97.0", "95.0", "91.0"]
    page.keyboard.press("Enter")
    assert accuracies() == ["91.0", "95.0", "97.0"]
    expect(page.get_by_role("columnheader", name="Accuracy")).to_have_attribute(
        "aria-sort", "ascending"
    )


def test_page_catches_up_after_the_server_was_killed(
    page: Page, service: Any, script: Any, complaints: list[str]
) -> None:
    script.run_one(0.9)
    page.goto(f"/?search={script.id}")
    assert_drawn_as_sent(page, front(service, script.id))
    expect(page.locator(".connection")).to_have_text("Live")
    service.kill()
    try:
        expect(page.locator(".connection")).to_have_text("Offline, trying again")
        trial_id = script.run_one(0.99)  # the store is there while the API is not
    finally:
        service.start()
    expect(page.locator(".connection")).to_have_text("Live")
    expect(page.locator(".trials tbody tr")).to_have_count(2)
    sent = front(service, script.id)
    assert trial_id in ids_of(sent)
    assert_drawn_as_sent(page, sent)
    log = page.locator(".log .log-text").all_text_contents()
    told = [f"Trial {n} {what}" for n in (1, 2) for what in ("was proposed", "started", "finished")]
    assert [sum(line.startswith(words) for line in log) for words in told] == [1] * 6
    lost = [text for text in complaints if "ERR_" in text]  # chromium reports the lost connection
    complaints[:] = [text for text in complaints if text not in lost]


def test_unknown_search_is_explained(page: Page, complaints: list[str]) -> None:
    page.goto("/?search=sea_unknown")
    expect(page.get_by_role("alert")).to_contain_text("This search cannot be shown")
    expect(page.get_by_role("link", name="All searches")).to_be_visible()
    assert [text for text in complaints if "404" not in text] == []
    complaints.clear()


def test_the_header_says_what_a_search_waits_for(page: Page, script: Any) -> None:
    page.goto(f"/?search={script.id}")
    waiting = page.locator(".search-head .waiting")
    expect(waiting).to_have_text("Waiting: no optimize worker has reported yet.")
    (trial_id,) = script.propose(1)
    expect(waiting).to_have_text("Waiting: no train worker has reported yet.")
    script.claim(trial_id)
    expect(waiting).to_be_hidden()
