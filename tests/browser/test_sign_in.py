"""Signing in where a server asks for a key."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from typing_extensions import override

from db.migrate import upgrade
from db.store import open_store
from search.access import DEFAULT_PROJECT, Role, Scope
from search.use_cases.access import create_key, revoke_key, set_member
from tests.browser.conftest import Service

pytestmark = pytest.mark.browser

UNTIL = ("Failed to load resource: the server responded with a status of 401",)
"""What the console says of every answer that asks for a key."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that asks everybody for a key."""
    served = Service(tmp_path_factory.mktemp("closed"), BITPARETO_REQUIRE_KEYS="1")
    upgrade(served.database_url)
    served.start()
    yield served
    served.kill()


def make_key(service: Service) -> tuple[str, str]:
    store, now = open_store(service.database_url), datetime.now(UTC)
    with store.begin() as uow:
        set_member(uow, DEFAULT_PROJECT, "ada", Role.EDITOR, now)
        key, text = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            user="ada",
            name="browser",
            scope=Scope.WRITE,
            expires_at=None,
            now=now,
        )
    store.close()
    return key.id, text


def test_whoever_has_a_key_returns_to_where_they_were(
    page: Page, service: Service, complaints: list[str]
) -> None:
    key_id, text = make_key(service)
    asked = {"Authorization": f"Bearer {text}"}
    body = {"name": "mine alone", "dataset": "digits", "space": {"family": "mobilenetv2"}}
    made = httpx.post(f"{service.address}/v1/searches", json=body, headers=asked).json()
    page.goto(f"/?search={made['id']}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("mine alone")).to_have_count(0)
    page.get_by_label("API key").fill("bp_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("no valid API key")
    page.get_by_label("API key").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="mine alone")).to_be_visible()
    expect(page.locator("#who")).to_contain_text("ada of default")
    assert page.url.endswith(f"?search={made['id']}")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("API key").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="mine alone")).to_be_visible()
    store = open_store(service.database_url)
    with store.begin() as uow:
        revoke_key(uow, key_id, datetime.now(UTC))
    store.close()
    page.get_by_role("link", name="Workers").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.close()  # a request still under way would complain after the next line
    assert all(text.startswith(UNTIL) for text in complaints)
    complaints.clear()


class Evil(BaseHTTPRequestHandler):
    """A page that sends a form to wherever its path says, as soon as it is opened."""

    def do_GET(self) -> None:
        page = (
            f"<form method=post action='{self.path[1:]}'></form>"
            "<script>document.forms[0].submit()</script>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_page_of_another_site_changes_nothing_on_this_machine(
    browser: Browser, tmp_path: Path
) -> None:
    """A form is sent across sites without asking first, and here nobody needs a key."""
    served = Service(tmp_path)
    upgrade(served.database_url)
    served.start()
    evil = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    threading.Thread(target=evil.serve_forever).start()
    context = browser.new_context()
    try:
        searches = f"{served.address}/v1/searches"
        body = {"dataset": "digits", "space": {"family": "mobilenetv2"}}
        search = httpx.post(searches, json=body).json()
        page = context.new_page()
        page.goto(f"http://localhost:{evil.server_port}/{searches}/{search['id']}:cancel")
        expect(page.locator("body")).to_contain_text("cross_site")
        assert httpx.get(f"{searches}/{search['id']}").json()["state"] == "queued"
    finally:
        context.close()
        evil.shutdown()
        evil.server_close()
        served.kill()
