"""What can be done with a search and a trial: each is asked for first, and done by the API."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.store import open_store

pytestmark = pytest.mark.browser


def read(service: Any, path: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.address}/v1/{path}").raise_for_status().json()
    return found


def test_a_cancelled_search_that_is_extended_is_live_again(
    page: Page, service: Any, script: Any, complaints: list[str]
) -> None:
    page.goto(f"/?search={script.id}")
    page.get_by_role("button", name="Cancel search").click()
    page.get_by_role("button", name="Cancel the search").click()
    expect(page.locator(".title .pill")).to_have_text("cancelled")
    expect(page.locator(".search-head .connection")).to_have_text("")

    page.get_by_role("button", name="Extend").click()
    dialog = page.get_by_role("dialog", name="Give this search more?")
    dialog.get_by_label("Trials more").fill("0")
    dialog.get_by_role("button", name="Extend the search").click()
    expect(dialog.get_by_role("alert")).to_contain_text("nothing to extend")
    assert read(service, f"searches/{script.id}")["state"] == "cancelled"
    complaints[:] = [text for text in complaints if "422" not in text]
    dialog.get_by_label("Trials more").fill("7")
    dialog.get_by_role("button", name="Extend the search").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".search-head")).to_contain_text("of 37 trials")
    expect(page.locator(".log")).to_contain_text("The search may go on to 37 trials")
    (trial_id,) = script.propose(1)
    expect(page.locator(".log")).to_contain_text("Trial 1 was proposed")
    assert read(service, f"trials/{trial_id}")["state"] == "queued"


def test_a_clone_has_the_name_and_seed_that_were_asked_for(
    page: Page, service: Any, script: Any
) -> None:
    page.goto(f"/?search={script.id}")
    page.get_by_role("button", name="Clone").click()
    dialog = page.get_by_role("dialog", name="Run another search like this one?")
    dialog.get_by_label("Name").fill("the same again")
    dialog.get_by_label("Seed").fill("11")
    dialog.get_by_role("button", name="Start the clone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("the same again")
    clone = read(service, "searches/" + page.url.split("search=")[1])
    assert (clone["id"] != script.id, clone["seed"], clone["name"]) == (True, 11, "the same again")
    assert clone["space"] == read(service, f"searches/{script.id}")["space"]


def test_a_network_is_trained_once_more_and_that_trial_cancelled(
    page: Page, service: Any, script: Any
) -> None:
    trial_id = script.run_one(0.9)
    page.goto(f"/?trial={trial_id}")
    expect(page.get_by_role("button", name="Cancel trial")).to_be_hidden()
    page.get_by_role("button", name="Replicate").click()
    dialog = page.get_by_role("dialog", name="Train this network once more?")
    dialog.get_by_label("Seed").fill("5")
    dialog.get_by_role("button", name="Train it once more").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 2")
    copy = read(service, "trials/" + page.url.split("trial=")[1])
    assert copy["seed"] == 5
    assert copy["candidate_hash"] == read(service, f"trials/{trial_id}")["candidate_hash"]

    page.get_by_role("button", name="Cancel trial").click()
    page.get_by_role("button", name="Cancel the trial").click()
    expect(page.locator(".title .pill")).to_have_text("cancelled")
    assert read(service, f"trials/{copy['id']}")["state"] == "cancelled"


def test_what_the_training_prints_appears_as_it_is_printed(
    page: Page, service: Any, script: Any
) -> None:
    (trial_id,) = script.propose(1)
    script.claim(trial_id)
    page.goto(f"/?trial={trial_id}")
    expect(page.get_by_text("Nothing has been printed yet.")).to_be_visible()
    store = open_store(service.database_url)
    for line in ("epoch 1 <b>of</b> 2\n", "epoch 2 of 2\n"):
        with store.begin() as uow:
            uow.logs.append(trial_id, 1, line)
        expect(page.get_by_role("region", name="Output of the training")).to_contain_text(
            line.strip()
        )
    store.close()


def test_workers_say_how_many_trials_wait(page: Page, script: Any) -> None:
    page.goto("/?page=workers")
    words = page.locator(".empty", has_text="in the queue for train workers")
    expect(words).to_be_visible()
    before = int(words.inner_text().split(" in the queue")[0].split()[-2])
    queued = script.propose(3)
    script.claim(queued[0])
    expect(words).to_contain_text(f"{before + 2} trials in the queue")
