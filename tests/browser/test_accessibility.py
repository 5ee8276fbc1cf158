"""Nothing serious by axe-core on any page, in either scheme; the keyboard reaches what matters."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.service import EXPLANATION

pytestmark = pytest.mark.browser

AXE = "axe-core@4.14.1"
FETCH_S = 60
PAGES = {
    "searches": ("/", ".searches tbody tr"),
    "search": ("/?search={search}", ".chart-plot .xtick"),
    "trial": ("/?trial={trial}", ".chart-plot .xtick"),
    "new": ("/?page=new", ".preview-words"),
    "compare": ("/?page=compare&items={search},{trial}", ".fronts .mark"),
    "workers": ("/?page=workers", ".empty, tbody tr"),
    "hardware": ("/?page=hardware", "tbody tr"),
    "models": ("/?page=models", ".empty, tbody tr"),
    "data": ("/?page=data", "tbody tr"),
    "keys": ("/?page=keys", ".empty, tbody tr"),
    "webhooks": ("/?page=webhooks", "tbody tr"),
    "webhook": ("/?page=webhooks&webhook={webhook}", ".address"),
}
RUN = """async () => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  await new Promise((resolve) => setTimeout(resolve, 400));
  const { violations } = await axe.run(document, { resultTypes: ['violations'] });
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 4).map((node) =>
      `${node.target} (${node.any.concat(node.all)[0]?.message ?? ''})`).join(' | ')}`);
}"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core, from npm's cache or registry; the dashboard itself needs no Node."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, so axe-core cannot be fetched")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "pack", AXE, "--silent", "--prefer-offline", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_S, cwd=folder)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"axe-core could not be fetched: {error}")
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()


@pytest.fixture
def trial_id(service: Any, script: Any) -> str:
    """A trial on the front of a search with some more: earlier, repeated, failed, running."""
    script.run_one(0.8)
    trial: str = script.run_one(0.9)
    failing, running = script.propose(2)
    script.fail(script.claim(failing))
    script.report(script.claim(running), 2, 9, accuracy=0.5)
    script.prints(trial, "printed\n" * 100)
    httpx.post(f"{service.address}/v1/trials/{trial}:replicate", json={}).raise_for_status()
    script.explain(EXPLANATION)
    return trial


@pytest.fixture(scope="module")
def webhook_id(service: Any) -> str:
    body = {"url": f"https://93.184.215.14/{'a-long-path/' * 8}"}
    made: str = (
        httpx.post(f"{service.address}/v1/webhooks", json=body).raise_for_status().json()["id"]
    )
    return made


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    chosen: Literal["light", "dark"] = request.param
    return chosen


@pytest.fixture
def seen(
    browser: Browser, service: Any, axe: str, scheme: Literal["light", "dark"]
) -> Iterator[Page]:
    """A page of its own context, in the scheme asked for, with axe-core in it."""
    context = browser.new_context(
        base_url=service.address,
        color_scheme=scheme,
        viewport={"width": 1360, "height": 900},
        reduced_motion="reduce",
    )
    context.add_init_script(axe)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious_on(
    seen: Page, script: Any, trial_id: str, webhook_id: str, name: str
) -> None:
    address, ready = PAGES[name]
    seen.goto(address.format(search=script.id, trial=trial_id, webhook=webhook_id))
    expect(seen.locator(ready).first).to_be_visible()
    found: list[str] = seen.evaluate(RUN)
    assert found == []


def test_nothing_serious_where_a_key_is_asked_for(seen: Page) -> None:
    problem = {"title": "No key", "status": 401, "code": "unauthenticated"}
    seen.route("**/v1/**", lambda route: route.fulfill(status=401, json=problem))
    seen.goto("/")
    expect(seen.locator(".sign-in")).to_be_visible()
    assert seen.evaluate(RUN) == []


@pytest.fixture(scope="module")
def phone(browser: Browser, service: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=service.address, viewport={"width": 390, "height": 844}, has_touch=True
    )
    yield context.new_page()
    context.close()


def test_no_page_is_wider_than_a_phone(
    phone: Page, script: Any, trial_id: str, webhook_id: str
) -> None:
    for address, ready in PAGES.values():
        phone.goto(address.format(search=script.id, trial=trial_id, webhook=webhook_id))
        expect(phone.locator(ready).first).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address


def test_buttons_under_a_title_begin_where_it_does(phone: Page, service: Any, script: Any) -> None:
    httpx.post(f"{service.address}/v1/searches/{script.id}:cancel").raise_for_status()
    phone.goto(f"/?search={script.id}")
    expect(phone.locator(".title .pill")).to_have_text("cancelled")
    expect(phone.locator(".connection")).to_have_attribute("data-connection", "ended")
    starts = [
        box["x"]
        for each in (phone.locator(".title h1"), phone.get_by_role("link", name="Compare").last)
        if (box := each.bounding_box())
    ]
    assert starts == [starts[0]] * 2


def test_keyboard_alone_leads_to_the_file_of_the_best_network(page: Page, script: Any) -> None:
    script.run_one(0.9)
    page.goto(f"/?search={script.id}")
    expect(page.get_by_role("link", name="Download its file")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.textContent || document.activeElement.ariaLabel")
        )
        if "Download its file" in reached:
            break
    assert "Download its file" in reached
    assert "Pause" in reached


def test_every_chart_has_words_and_a_table(page: Page, script: Any, trial_id: str) -> None:
    for address in (f"/?search={script.id}", f"/?trial={trial_id}", "/?page=new"):
        page.goto(address)
        expect(page.locator(".chart-plot .xtick").first).to_be_visible()
        for plot in page.locator(".chart-plot").all():
            assert plot.get_attribute("role") == "img"
            assert plot.get_attribute("aria-label")
            assert plot.locator("xpath=ancestor::section").locator("details.alternative").count()
