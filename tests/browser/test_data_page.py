"""Data sets uploaded, looked at, searched on and deleted in the browser."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service
from tests.uploads import coloured, npz

pytestmark = pytest.mark.browser

IMAGES, LABELS = coloured(40, 3)


def choose(page: Page, path: Path) -> None:
    page.goto("/?page=data")
    page.get_by_text("Upload a data set").click()
    page.get_by_label("File").set_input_files(path)


def test_a_file_becomes_a_data_set_to_search_on_and_goes(
    page: Page, service: Service, tmp_path: Path, complaints: list[str]
) -> None:
    choose(page, npz(tmp_path / "my insects.npz", images=IMAGES, labels=LABELS))
    expect(page.get_by_label("Name")).to_have_value("my-insects")
    page.get_by_label("Test, %").fill("20")
    page.get_by_role("button", name="Upload", exact=True).click()
    row = page.locator("tbody tr", has_text="my-insects")
    expect(row.locator("td").nth(1)).to_have_text("3")
    (data,) = httpx.get(f"{service.address}/v1/datasets?limit=1").json()["data"]
    assert (data["name"], data["n_test"]) == ("my-insects", 24)

    row.get_by_role("button", name="Images of my-insects").click()
    picture = page.get_by_alt_text("Some training images of my-insects")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('img.samples').naturalWidth > 0")
    expect(page.get_by_text("Dealt from the training images")).to_be_visible()
    page.get_by_role("button", name="Close").click()

    row.get_by_role("link", name="Search on it: my-insects").click()
    expect(page.get_by_role("combobox", name="Data set")).to_have_value("my-insects")
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_text("my-insects").first).to_be_visible()
    (search,) = httpx.get(f"{service.address}/v1/searches").json()["data"]
    assert search["dataset_id"] == data["id"]

    page.goto("/?page=data")
    page.get_by_role("button", name="Delete my-insects").click()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(page.get_by_text("used by 1 search that has not ended")).to_be_visible()
    httpx.post(f"{service.address}/v1/searches/{search['id']}:cancel").raise_for_status()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    expect(row).to_have_count(0)
    complaints[:] = [text for text in complaints if "status of 409" not in text]


def test_what_is_wrong_stands_where_it_is_wrong(
    page: Page, tmp_path: Path, complaints: list[str]
) -> None:
    choose(page, npz(tmp_path / "bad.npz", images=IMAGES, labels=LABELS / 2))
    page.get_by_role("button", name="Upload", exact=True).click()
    problem = page.get_by_text("labels: has type float64 (allowed: whole numbers)")
    expect(problem).to_be_visible()
    expect(page.get_by_label("File")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("File").set_input_files(
        npz(tmp_path / "good.npz", images=IMAGES, labels=LABELS)
    )
    expect(problem).to_be_hidden()
    page.get_by_label("Name").fill("digits")
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("data set 'digits' exists already")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    complaints[:] = [text for text in complaints if "status of 4" not in text]
