"""Photographs the dashboard for the documents: ``scripts/screenshots.py ADDRESS SEARCH``."""

import argparse
import shutil
from pathlib import Path
from typing import Final, Literal, NamedTuple

from playwright.sync_api import Browser, sync_playwright

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
SETTLE_MS: Final = 1500


class Shot(NamedTuple):
    """One picture."""

    name: str
    of_search: bool
    scheme: Literal["light", "dark"]
    width: int
    height: int
    scale: int = 1


SHOTS: Final = (
    Shot("dashboard-search-light", True, "light", 1360, 1000),
    Shot("dashboard-search-dark", True, "dark", 1360, 1000),
    Shot("dashboard-search-phone", True, "light", 390, 844, 2),
    Shot("dashboard-searches-light", False, "light", 1360, 520),
)


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of a running service, such as http://127.0.0.1:8642")
    parser.add_argument("search", help="id of the search to show")
    arguments = parser.parse_args()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in SHOTS:
            _take(browser, shot, arguments.address, arguments.search)
        browser.close()


def _take(browser: Browser, shot: Shot, address: str, search_id: str) -> None:
    context = browser.new_context(
        color_scheme=shot.scheme,
        viewport={"width": shot.width, "height": shot.height},
        device_scale_factor=shot.scale,
    )
    page = context.new_page()
    page.goto(f"{address}/?search={search_id}" if shot.of_search else address)
    page.wait_for_selector(".chart-plot .xtick" if shot.of_search else ".searches tbody tr")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=IMAGES / f"{shot.name}.png")
    context.close()


if __name__ == "__main__":
    main()
