"""Networks listed and deleted in the browser."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service
from tests.exported_programs import digits_program

pytestmark = pytest.mark.browser


def test_a_network_is_deleted_when_no_search_needs_it(
    page: Page, service: Service, complaints: list[str]
) -> None:
    with httpx.Client(base_url=service.address) as http:
        headers = {"Content-Type": "application/octet-stream"}
        sent = http.post("/v1/models?name=to-go", content=digits_program(), headers=headers)
        space = {"family": "imported", "model": sent.json()["id"]}
        search = http.post("/v1/searches", json={"dataset": "digits", "space": space}).json()["id"]

        page.goto("/?page=models")
        row = page.locator("tbody tr", has_text="to-go")
        row.get_by_role("button", name="Delete to-go").click()
        confirm = page.get_by_role("button", name="Delete", exact=True).last
        confirm.click()
        expect(page.get_by_text("used by 1 search that has not ended")).to_be_visible()
        http.post(f"/v1/searches/{search}:cancel").raise_for_status()
        confirm.click()
        expect(row).to_have_count(0)
        assert http.get(f"/v1/models/{sent.json()['id']}").status_code == 404
    complaints[:] = [text for text in complaints if "status of 409" not in text]
