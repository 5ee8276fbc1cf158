"""The page that submits a search: its form, its preview, its code."""

import ast
import json
import re
import subprocess
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser


def budget(page: Page) -> Locator:
    """The largest file that the search may find."""
    return page.get_by_role("group", name="Budgets").get_by_label("Size of the file")


def declared(page: Page, service: Any) -> dict[str, Any]:
    """Submit the form; returns the search as the server has it."""
    page.get_by_role("button", name="Start the search").click()
    page.wait_for_url(re.compile("search=sea_"))
    found: dict[str, Any] = httpx.get(
        f"{service.address}/v1/searches/{page.url.split('search=')[1]}"
    ).json()
    return found


def test_search_submitted_by_the_form(page: Page, service: Any) -> None:
    page.goto("/")
    page.get_by_role("link", name="New search").first.click()
    page.get_by_role("button", name="A microcontroller").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("submitted here")
    page.get_by_label("Data set").select_option("digits")
    page.get_by_label("Family").select_option("mobilenetv2")
    bits = page.get_by_role("group", name="Weight bits")
    bits.get_by_label("4", exact=True).check()
    bits.get_by_label("8", exact=True).check()
    budget(page).fill("48 KiB")
    page.get_by_text("Limits", exact=True).click()
    page.get_by_label("Max trials").fill("7")
    search = declared(page, service)
    assert search["name"] == "submitted here"
    assert search["space"]["weight_bits"] == [4, 8]
    assert search["budgets"] == {"size_bytes": 48 * 1024, "peak_activation_bytes": 16 * 1024}
    assert search["objectives"] == ["accuracy", "size_bytes", "peak_activation_bytes"]
    assert search["limits"]["max_trials"] == 7
    expect(page.get_by_role("heading", level=1)).to_have_text("submitted here")


def test_servers_words_stand_at_their_field(
    page: Page, service: Any, complaints: list[str]
) -> None:
    page.goto("/?page=new")
    budget(page).fill("10")
    before = len(httpx.get(f"{service.address}/v1/searches").json()["data"])
    page.get_by_role("button", name="Start the search").click()
    budgets = page.get_by_role("group", name="Budgets")
    field = budgets.locator(".field", has_text="Size of the file")
    expect(field.get_by_role("alert")).to_contain_text("no candidate of this space fits 10")
    expect(budget(page)).to_be_focused()
    assert len(httpx.get(f"{service.address}/v1/searches").json()["data"]) == before
    budget(page).fill("64 KiB")
    expect(field.get_by_role("alert")).to_be_hidden()
    assert [text for text in complaints if "422" not in text] == []
    complaints.clear()


def test_genes_that_are_no_json_are_not_sent(page: Page, service: Any) -> None:
    page.goto("/?page=new")
    before = len(httpx.get(f"{service.address}/v1/searches").json()["data"])
    page.get_by_label("Further genes, as JSON").fill("{fixed")
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_text("Write a JSON object")).to_be_visible()
    assert len(httpx.get(f"{service.address}/v1/searches").json()["data"]) == before


def test_preview_says_what_the_space_holds(page: Page, service: Any) -> None:
    page.goto("/?page=new")
    body = {"dataset": "digits", "space": {"family": "mobilenetv2"}}
    known = httpx.post(f"{service.address}/v1/spaces:preview", json=body).json()
    words = page.locator(".preview-words")
    expect(words).to_contain_text(f"with {known['n_genes']} genes")
    budget(page).fill("8 KiB")
    body |= {"budgets": {"size_bytes": 8192}}
    share = httpx.post(f"{service.address}/v1/spaces:preview", json=body).json()["share"]
    expect(words).to_contain_text(f"{share['estimate'] * 100:.1f}\u202f% of it within budget")


def test_code_declares_what_the_form_declares(page: Page, service: Any) -> None:
    page.goto("/?page=new")
    page.get_by_role("textbox", name="Name", exact=True).fill('it\'s "quoted"')
    expected = {
        "name": 'it\'s "quoted"',
        "dataset": "digits",
        "space": {"family": "mobilenetv2"},
        "budgets": {"size_bytes": 65536},
        "limits": {"max_trials": 12},
        "recipe": {"float_epochs": 15, "qat_epochs": 5},
    }
    code = page.locator("pre.code")
    expect(code).to_contain_text("curl")
    shell = (code.text_content() or "").replace("curl --", "printf '%s\\n' --")
    # the shell says what curl would be given
    words = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout
    assert json.loads(words.split("--data\n")[1]) == expected
    page.get_by_label("Language").select_option("YAML")
    assert yaml.safe_load(code.text_content() or "") == expected
    page.get_by_label("Language").select_option("Python")
    calls = [
        node
        for node in ast.walk(ast.parse(code.text_content() or ""))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "client.searches.create"
    ]
    keywords = calls[0].keywords
    assert {word.arg: ast.literal_eval(word.value) for word in keywords} == expected


def test_address_holds_the_form(page: Page) -> None:
    page.goto("/?page=new")
    page.get_by_role("textbox", name="Name", exact=True).fill("kept in the address")
    page.wait_for_url(re.compile("declaration="))
    page.wait_for_function("() => location.search.includes('kept+in+the+address')")
    page.reload()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value(
        "kept in the address"
    )


def test_the_form_speaks_the_words_of_the_field(page: Page) -> None:
    page.goto("/?page=new")
    expect(page.get_by_role("form", name="New search")).to_be_visible()
    for group in page.locator("form details").all():
        group.evaluate("details => { details.open = true }")
    for label in (
        *("Learning rate", "QAT learning rate", "QAT epochs", "Float epochs", "Initial trials"),
        *("Max trials", "Max train images", "Max accuracy gap"),
    ):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    for label, options in {
        "Quantizer": ["LSQ", "LSQ+", "PACT", "DoReFa", "EWGS"],
        "Family": ["MobileNetV2", "ResNet", "DS-CNN", "VGG"],
    }.items():
        shown = page.get_by_label(label, exact=True).locator("option").all_text_contents()
        assert set(options) <= set(shown)
    strategies = page.locator("option[value=nsga2], option[value=bomp]").all_text_contents()
    assert strategies == ["NSGA-II", "BOMP-NAS"]
