"""What stands below the front: parallel coordinates, bits of layers, running trials, the table."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SearchScript

pytestmark = pytest.mark.browser

N_MANY = 400


@pytest.fixture
def large(service: Any) -> Iterator[SearchScript]:
    limits = {"max_trials": N_MANY, "max_parallel": N_MANY}
    played = SearchScript(service, name="many trials", limits=limits)
    yield played
    played.close()


def test_brush_chooses_in_front_and_table(page: Page, script: Any) -> None:
    ids = [script.run_one(accuracy) for accuracy in (0.5, 0.6, 0.9, 1.0)]
    page.goto(f"/?search={script.id}")
    rows = page.locator(".trials tbody tr")
    expect(rows).to_have_count(4)
    at_least = page.get_by_role("slider", name="Accuracy, at least")
    at_least.focus()
    page.keyboard.press("PageUp")
    expect(at_least).to_have_attribute("aria-valuetext", re.compile("62"))
    expect(rows).to_have_count(2)
    page.wait_for_function(
        """(ids) => {
          const { data } = document.querySelector('.chart-plot');
          const trace = data?.find((t) => t.name === 'Front');
          const opacity = (id) => trace.marker.opacity[trace.customdata.indexOf(id)];
          return trace && ids.every((id) => opacity(id) !== 0.15);
        }""",
        arg=ids[2:],
    )
    page.wait_for_url(re.compile("brush=accuracy"))
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Clear brushes").click()
    expect(rows).to_have_count(4)


def test_brush_is_dragged_along_an_axis(page: Page, script: Any) -> None:
    for accuracy in (0.5, 0.6, 0.9, 1.0):
        script.run_one(accuracy)
    page.goto(f"/?search={script.id}")
    rail = page.locator(".axis").first.locator(".axis-rail")
    rail.scroll_into_view_if_needed()
    box = rail.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    expect(page.locator(".trials tbody tr")).to_have_count(1)
    expect(page.locator(".trials tbody tr")).to_contain_text("90.0")


def test_gene_becomes_an_axis(page: Page, script: Any) -> None:
    for accuracy in (0.5, 0.6, 0.9):
        script.run_one(accuracy)
    page.goto(f"/?search={script.id}")
    choice = page.get_by_label("Add a gene")
    gene = choice.locator("option").nth(1).text_content()
    assert gene is not None
    choice.select_option(gene)
    expect(
        page.locator(".axis-title", has_text=re.compile(rf"^{re.escape(gene)}$"))
    ).to_be_visible()
    page.wait_for_url(re.compile("genes="))


def test_bits_of_every_layer_are_those_of_the_networks(
    page: Page, service: Any, script: Any
) -> None:
    trial_id = script.run_one(0.9)
    page.goto(f"/?search={script.id}")
    page.get_by_text("Bits of every layer").click()
    layers = httpx.get(f"{service.address}/v1/trials/{trial_id}").json()["layers"]
    expected = [[row["name"], str(row["weight_bits"])] for row in layers if row["n_weights"]]
    rows = page.locator(".bits-table tbody tr")
    expect(rows).to_have_count(len(expected))
    assert [row.locator("th, td").all_text_contents() for row in rows.all()] == expected


def test_a_past_that_comes_late_takes_nothing_from_a_curve(page: Page, script: Any) -> None:
    (trial_id,) = script.propose(1)
    lease = script.claim(trial_id)
    script.report(lease, 1, 9, accuracy=0.3)
    held: list[Route] = []
    page.route("**/curves", lambda route: held.append(route))  # noqa: PLW0108 - a builtin is no handler
    page.goto(f"/?search={script.id}")
    card = page.locator(".live-card")
    expect(card).to_contain_text("epoch 1 of 9: 30.0")
    past = held[0].fetch()
    script.report(lease, 2, 9, accuracy=0.6)
    expect(card).to_contain_text("epoch 2 of 9: 60.0")
    held[0].fulfill(response=past)
    expect(card.locator("path")).to_have_attribute("d", re.compile(r"^M\S+ \S+L\S+ \S+$"))


def test_trial_in_training_shows_its_curve(page: Page, script: Any) -> None:
    (trial_id,) = script.propose(1)
    lease = script.claim(trial_id)
    script.report(lease, 1, 9, accuracy=0.3)
    page.goto(f"/?search={script.id}")
    card = page.locator(".live-card")
    expect(card).to_contain_text("epoch 1 of 9: 30.0")
    script.report(lease, 2, 9, accuracy=0.6)
    expect(card).to_contain_text("epoch 2 of 9: 60.0")
    expect(card.locator("path")).to_have_attribute("d", re.compile(r"^M\S+ \S+L\S+ \S+$"))
    script.complete(lease, 0.9)
    expect(card).to_be_hidden()


def test_of_many_trials_only_rows_in_sight_exist(
    page: Page, large: SearchScript, tmp_path: Path
) -> None:
    large.propose(N_MANY)
    page.goto(f"/?search={large.id}")
    rows = page.locator(".trials tbody tr:not(.rows-out-of-sight)")
    expect(page.get_by_text(f"{N_MANY} trials", exact=True)).to_be_visible()
    assert rows.count() < 120
    page.locator(".trials .sort").first.click()  # by number, rising
    expect(rows.first).to_have_attribute("aria-rowindex", "2")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("button", name=f"Trial {N_MANY}", exact=True)).to_be_in_viewport()
    assert rows.count() < 120
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    saved = tmp_path / "trials.csv"
    download.value.save_as(saved)
    exported = list(csv.DictReader(saved.read_text().splitlines()))
    assert [int(row["number"]) for row in exported] == list(range(1, N_MANY + 1))
    assert all(int(row["size_bytes"]) > 0 for row in exported)


def test_no_spreadsheet_runs_what_a_name_says(page: Page) -> None:
    page.goto("/")
    text = page.evaluate(
        """async () => {
          const { asCsv } = await import('/csv.js');
          const trial = { number: 1, id: '=1+1', state: 'a "b", c', metrics: {}, costs: {} };
          return asCsv([trial], new Set());
        }"""
    )
    assert text.split("\r\n")[1].startswith("""1,'=1+1,"a ""b"", c",""")
