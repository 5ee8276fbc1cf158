"""Workers, hardware profiles and networks; and what the page says while the server is away."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.store import open_store
from search.entities import Worker

pytestmark = pytest.mark.browser


def test_pages_without_entries_say_how_to_get_some(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Networks").click()
    expect(page.get_by_text("No network yet.")).to_be_visible()
    assert page.locator("nav [aria-current]").all_text_contents() == ["Networks"]


def test_profiles_lead_to_a_search_for_them(page: Page, service: Any) -> None:
    page.goto("/?page=hardware")
    sent = httpx.get(f"{service.address}/v1/hardware-profiles").json()["data"]
    names = page.locator("tbody th")
    expect(names).to_have_count(len(sent))
    assert names.all_text_contents() == [profile["name"] for profile in sent]
    page.get_by_role("link", name=f"Search for it: {sent[0]['name']}").click()
    expect(page.get_by_role("combobox", name="Hardware")).to_have_value(sent[0]["name"])


def test_worker_appears_by_itself(page: Page, service: Any) -> None:
    page.goto("/?page=workers")
    expect(page.get_by_text("No worker has reported.")).to_be_visible()
    now = datetime.now(UTC)
    store = open_store(service.database_url)
    with store.begin() as uow:
        uow.workers.seen(
            Worker(
                id="wrk_test",
                kind="train",
                host="a-host",
                pid=77,
                device="cpu",
                trial_id=None,
                started_at=now,
                last_seen_at=now,
            )
        )
    store.close()
    expect(page.locator("tbody")).to_contain_text("a-host, process 77")
    expect(page.locator("tbody")).to_contain_text("waiting for work")


def test_page_says_that_the_server_is_away_and_when_it_is_back(
    page: Page, service: Any, complaints: list[str]
) -> None:
    page.goto("/?page=hardware")
    expect(page.locator("tbody tr").first).to_be_visible()
    banner = page.get_by_text("No connection to the server.")
    service.kill()
    try:
        expect(banner).to_be_visible()
    finally:
        service.start()
    expect(banner).to_be_hidden()
    expect(page.locator("tbody tr").first).to_be_visible()
    complaints[:] = [text for text in complaints if "ERR_" not in text]
