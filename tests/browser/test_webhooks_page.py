"""Webhooks added, watched and removed in the browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from db.migrate import upgrade
from db.store import open_store
from search.addresses import allowed_of
from tests.browser.conftest import Service
from tests.receivers import Receiver, receiving
from tests.service import new_search
from worker.webhook_post import Calls
from worker.webhook_sender import Pace, WebhookSender

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server whose webhooks may call this machine, and which sends."""
    served = Service(tmp_path_factory.mktemp("webhooks"), BITPARETO_WEBHOOK_ALLOW="127.0.0.1")
    upgrade(served.database_url)
    served.start()
    store = open_store(served.database_url)
    sender = WebhookSender(store, Calls(allowed=allowed_of("127.0.0.1")), Pace(poll_s=0.05))
    sender.start()
    yield served
    sender.stop(20)
    store.close()
    served.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def test_a_webhook_from_first_to_last(
    page: Page, service: Service, receiver: Receiver, complaints: list[str]
) -> None:
    page.goto("/")
    page.get_by_role("link", name="Webhooks").click()
    expect(page.get_by_text("No webhook yet.")).to_be_visible()
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("URL, of http or https").fill(receiver.url)
    page.get_by_label("Description").fill("tells CI")
    page.get_by_label("Events, such as").fill("search.state, front.changed")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="The secret of tells CI")).to_be_focused()
    secret = page.locator(".secret").inner_text()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_text(secret)).to_have_count(0)
    page.get_by_role("link", name="tells CI").click()
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    receiver.answer = lambda _: 410
    page.get_by_role("button", name="Send a ping").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text(re.compile("ping.*failed.*answered 410"))
    receiver.answer = lambda _: 200
    page.get_by_role("button", name="Send again: ping").click()
    expect(row).to_contain_text(re.compile(r"ping.*delivered.*2.*200 after"))
    store = open_store(service.database_url)
    new_search(store)
    store.close()
    expect(row).to_have_count(2)
    expect(row.first).to_contain_text(re.compile("search.state.*delivered"))
    assert all(one.is_signed_by(secret) for one in receiver.got)
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("button", name="Make a new one").click()
    expect(page.locator(".secret")).to_contain_text("whsec_")
    assert page.locator(".secret").inner_text() != secret
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled: a user disabled it.")).to_be_visible()
    page.get_by_role("button", name="Send a ping").click()
    expect(page.get_by_role("alert")).to_contain_text("enable it first")
    page.get_by_role("link", name="All webhooks").click()
    expect(row).to_contain_text(re.compile("tells CI.*search.state, front.changed.*disabled"))
    page.get_by_role("link", name="tells CI").click()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No webhook yet.")).to_be_visible()
    complaints[:] = [text for text in complaints if "status of 409" not in text]


def test_what_may_not_be_called_is_said_in_the_dialog(page: Page, complaints: list[str]) -> None:
    page.goto("/?page=webhooks")
    page.get_by_role("button", name="New webhook").click()
    page.get_by_label("URL, of http or https").fill("http://10.0.0.1/hook")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("dialog")).to_contain_text("not on the public internet")
    complaints[:] = [text for text in complaints if "status of 422" not in text]
