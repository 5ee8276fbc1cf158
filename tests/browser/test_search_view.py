"""What of a search is looked at: the budget line, the axes, the moment, the address."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

COUNT_CLICKS = "window.clicks = 0; addEventListener('click', () => { window.clicks += 1; }, true);"

ACROSS_ON_SCREEN = """(value) => {
  const plot = document.querySelector('.chart-plot');
  const { xaxis } = plot._fullLayout;
  return plot.getBoundingClientRect().left + xaxis._offset + xaxis.l2p(Math.log10(value));
}"""


@pytest.fixture
def sizes(script: Any, service: Any) -> list[int]:
    """Eight completed trials, larger ones more accurate; their sizes, smallest first."""
    found = []
    for _ in range(8):
        (trial_id,) = script.propose(1)
        trial = httpx.get(f"{service.address}/v1/trials/{trial_id}").raise_for_status().json()
        size = trial["costs"]["size_bytes"]
        script.complete(script.claim(trial_id), accuracy=size / 262_144)
        found.append(size)
    return sorted(found)


def between(smaller: int, larger: int) -> int:
    return (smaller + larger) // 2


def handle(page: Page) -> Locator:
    return page.get_by_role("slider", name="Budget")


def test_dragged_budget_filters_table_and_answer(page: Page, script: Any, sizes: list[int]) -> None:
    page.goto(f"/?search={script.id}")
    rows = page.locator(".trials tbody tr")
    expect(rows).to_have_count(8)
    box = handle(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + 40)
    page.mouse.down()
    x = page.evaluate(ACROSS_ON_SCREEN, between(sizes[0], sizes[1]))
    page.mouse.move(x, box["y"] + 40, steps=6)
    page.mouse.up()
    budget = int(handle(page).get_attribute("aria-valuenow") or 0)
    within = [size for size in sizes if size <= budget]
    assert 0 < len(within) < 8
    expect(rows).to_have_count(len(within))
    expect(page.locator(".selected-trial")).to_contain_text("Most accurate within")
    exact = f"{within[-1]:,}".replace(",", "\u202f")
    expect(page.locator(".selected-trial")).to_contain_text(exact)
    expect(page).to_have_url(re.compile(rf"budget={budget}(\D|$)"))


def test_budget_moves_with_the_keyboard(page: Page, script: Any, sizes: list[int]) -> None:
    budget = between(sizes[3], sizes[4])
    page.goto(f"/?search={script.id}&budget={budget}")
    expect(page.locator(".trials tbody tr")).to_have_count(4)
    handle(page).focus()
    page.keyboard.press("ArrowRight")
    eighth = int(handle(page).get_attribute("aria-valuenow") or 0)
    assert budget < eighth <= budget * 2 ** (1 / 8) + 1
    page.keyboard.press("End")
    expect(page.locator(".trials tbody tr")).to_have_count(8)
    expect(handle(page)).to_have_attribute("aria-valuetext", "no budget")


def test_amount_that_is_none_is_explained_in_place(page: Page, script: Any) -> None:
    script.run_one(0.9)
    page.goto(f"/?search={script.id}")
    field = page.get_by_label("Within")
    field.fill("a lot")
    field.press("Enter")
    expect(page.get_by_text("Write an amount such as 64 KiB.")).to_be_visible()
    expect(page.locator(".trials tbody tr")).to_have_count(1)
    field.fill("1 B")
    field.press("Enter")
    expect(page.get_by_text("Write an amount such as 64 KiB.")).to_be_hidden()
    expect(page.locator(".selected-trial")).to_contain_text("No network of the front is within")


def test_best_network_within_64_kib_and_its_file_in_three_clicks(
    page: Page, script: Any, sizes: list[int], tmp_path: Path
) -> None:
    page.add_init_script(COUNT_CLICKS)
    page.goto(f"/?search={script.id}")
    field = page.get_by_label("Within")
    field.click()
    page.keyboard.type("64 KiB")
    page.keyboard.press("Enter")
    expect(page.locator(".selected-trial")).to_contain_text("Most accurate within 64")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download its file").click()
    saved = tmp_path / "artifact"
    download.value.save_as(saved)
    best = max(size for size in sizes if size <= 64 * 1024)
    assert saved.stat().st_size == best
    clicks: int = page.evaluate("window.clicks")
    assert clicks == 2


def test_axes_switch_to_any_two_costs(page: Page, script: Any, sizes: list[int]) -> None:
    page.goto(f"/?search={script.id}")
    page.get_by_label("Up").select_option("macs")
    page.get_by_label("Across").select_option("bops")
    page.wait_for_function(
        "() => document.querySelector('.chart-plot').layout?.xaxis.title.text === 'Bit operations'"
    )
    layout = page.evaluate("document.querySelector('.chart-plot').layout")
    assert layout["yaxis"]["title"]["text"] == "Multiply-accumulates"
    assert layout["yaxis"]["type"] == "log"
    expect(page).to_have_url(re.compile("x=bops&y=macs"))
    page.reload()
    expect(page.get_by_label("Up")).to_have_value("macs")
    assert len(sizes) == 8


def test_earlier_front_is_the_one_the_server_had(page: Page, service: Any, script: Any) -> None:
    for accuracy in (0.5, 0.6, 0.7, 0.8):
        script.run_one(accuracy)
    page.goto(f"/?search={script.id}")
    slider = page.get_by_label("Front as of")
    expect(slider).to_be_visible()
    expect(page.locator(".moment output")).to_contain_text("now, after 4 changes")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator(".moment output")).to_contain_text("change 1 of 4")
    expect(page.locator(".trials tbody tr")).to_have_count(1)
    page.wait_for_url(re.compile("as_of="))
    event = page.url.split("as_of=")[1].split("&")[0]
    address = f"{service.address}/v1/searches/{script.id}/front?as_of={event}"
    then = httpx.get(address).raise_for_status().json()
    page.wait_for_function(
        """(ids) => {
          const { data } = document.querySelector('.chart-plot');
          const trace = data?.find((t) => t.name === 'Front');
          return JSON.stringify(trace?.customdata) === JSON.stringify(ids);
        }""",
        arg=[point["trial"]["id"] for point in then["points"]],
    )
    page.keyboard.press("End")
    expect(page.locator(".trials tbody tr")).to_have_count(4)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("64 KiB", 65536), ("1.5MiB", 1572864), ("900", 900), ("2 k", 2000), ("0", None), ("x", None)],
)
def test_amounts_as_people_write_them(page: Page, text: str, amount: float | None) -> None:
    page.goto("/")
    module = "async (text) => (await import('/amounts.js')).parseAmount(text)"
    assert page.evaluate(module, text) == amount


def test_the_address_holds_order_and_folds(page: Page, script: Any, sizes: list[int]) -> None:
    page.goto(f"/?search={script.id}")
    page.get_by_role("button", name="Size", exact=True).click()
    page.get_by_label("Front only").check()
    page.get_by_text("Bits of every layer").click()
    expect(page).to_have_url(re.compile("open=bits"))
    n_rows = page.locator(".trials tbody tr").count()
    page.reload()
    expect(page.locator(".bits-table")).to_be_visible()
    expect(page.get_by_label("Front only")).to_be_checked()
    expect(page.locator(".trials tbody tr")).to_have_count(n_rows)
    expect(page.locator(".trials th[aria-sort=ascending]")).to_have_text("Size")
    assert len(sizes) == 8


def test_nothing_jumps_between_two_trials(page: Page, script: Any) -> None:
    script.run_one(0.7)
    (trial_id,) = script.propose(1)
    lease = script.claim(trial_id)
    script.report(lease, 1, 9, accuracy=0.3)
    page.goto(f"/?search={script.id}")
    expect(page.locator(".live-card")).to_contain_text("epoch 1 of 9")
    place = "document.querySelector('.growth-panel').getBoundingClientRect().top"
    before = page.evaluate(place)
    script.complete(lease, 0.6)
    expect(page.get_by_text("Nothing is in training at the moment.")).to_be_visible()
    assert abs(page.evaluate(place) - before) < 2
