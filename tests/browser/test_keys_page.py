"""API keys made and revoked in the browser, and the page of data sets."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.migrate import upgrade
from db.store import open_store
from search.access import DEFAULT_PROJECT, Role, Scope
from search.use_cases.access import create_key, set_member
from tests.browser.conftest import Service

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that asks everybody for a key."""
    served = Service(tmp_path_factory.mktemp("keys"), BITPARETO_REQUIRE_KEYS="1")
    upgrade(served.database_url)
    served.start()
    yield served
    served.kill()


def _sign_in(page: Page, service: Service, role: Role, scope: Scope) -> None:
    store, now = open_store(service.database_url), datetime.now(UTC)
    with store.begin() as uow:
        set_member(uow, DEFAULT_PROJECT, role.value, role, now)
        _, text = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            user=role.value,
            name=f"of an {role.value}",
            scope=scope,
            expires_at=None,
            now=now,
        )
    store.close()
    page.context.clear_cookies()
    page.goto("/?page=keys")
    page.get_by_label("API key", exact=True).fill(text)
    page.get_by_role("button", name="Sign in").click()


def test_a_key_is_made_shown_once_used_and_revoked(
    page: Page, service: Service, complaints: list[str]
) -> None:
    _sign_in(page, service, Role.ADMIN, Scope.ADMIN)
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name, for people").fill("nightly")
    page.get_by_label("Scope").select_option("write")
    page.get_by_label("Days until it expires").fill("30")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", name="The key nightly")).to_be_focused()
    key = page.locator(".secret").inner_text()
    asked = {"Authorization": f"Bearer {key}"}
    found = httpx.get(f"{service.address}/v1/principal", headers=asked).json()
    assert (found["user"], found["scope"]) == ("admin", "write")
    row = page.locator("tbody tr", has_text="nightly")
    expect(row).to_contain_text("valid")
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(key)).to_have_count(0)
    page.reload()
    row.get_by_role("button", name="Revoke nightly").click()
    page.get_by_role("button", name="Revoke", exact=True).last.click()
    expect(row).to_contain_text("revoked")
    assert httpx.get(f"{service.address}/v1/principal", headers=asked).status_code == 401
    assert key not in page.content()
    complaints[:] = [text for text in complaints if "status of 401" not in text]


def test_whoever_may_not_see_keys_is_told_so(
    page: Page, service: Service, complaints: list[str]
) -> None:
    _sign_in(page, service, Role.EDITOR, Scope.WRITE)
    expect(page.get_by_text("API keys cannot be read")).to_be_visible()
    expect(page.get_by_text(re.compile("takes a key of scope admin"))).to_be_visible()
    complaints[:] = [text for text in complaints if "status of 40" not in text]


def test_data_sets_lead_to_a_search_on_them(
    page: Page, service: Service, complaints: list[str]
) -> None:
    _sign_in(page, service, Role.ADMIN, Scope.ADMIN)
    page.get_by_role("link", name="Data sets").click()
    expect(page.locator("tbody th")).to_have_text(["cifar10", "digits", "fashion-mnist"])
    page.get_by_role("link", name="Search on it: fashion-mnist").click()
    expect(page).to_have_url(re.compile("dataset.*fashion-mnist"))
    complaints[:] = [text for text in complaints if "status of 401" not in text]
