"""Photographs every page of the dashboard for the documents.

``scripts/screenshots.py ADDRESS SEARCH OTHER``: a running service that needs no key, a search whose
front is shown, and one to compare it with. Each page is taken light, dark and on a phone.
"""

import argparse
import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import httpx
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
SETTLE_MS: Final = 2500
PATIENCE_MS: Final = 60_000
TALLEST: Final = 3200
N_COLORS: Final = 128
"""Drawn pages have few; a picture is a third of its size with a palette."""


class Look(NamedTuple):
    """How a page is looked at."""

    scheme: Literal["light", "dark"]
    width: int
    height: int
    scale: int = 1


LOOKS: Final[Mapping[str, Look]] = MappingProxyType(
    {
        "light": Look("light", 1360, 1000),
        "dark": Look("dark", 1360, 1000),
        "phone": Look("light", 390, 844, 2),
    }
)


class Shot(NamedTuple):
    """One page: its address behind the service's, and what is there once it is drawn."""

    name: str
    address: str
    drawn: str
    whole: bool = True
    signed_out: bool = False


def shots(search_id: str, other_id: str, trial_id: str) -> tuple[Shot, ...]:
    """Return every page of a service with these."""
    return (
        Shot("searches", "/", ".searches tbody tr"),
        Shot("search", f"/?search={search_id}", ".chart-plot .xtick", whole=False),
        Shot("search-whole", f"/?search={search_id}", ".chart-plot .xtick"),
        Shot("trial", f"/?trial={trial_id}", ".layers tbody tr"),
        Shot("compare", f"/?page=compare&items={search_id},{other_id}", ".fronts .series"),
        Shot("new", "/?page=new", "form"),
        Shot("workers", "/?page=workers", "tbody tr"),
        Shot("hardware", "/?page=hardware", "tbody tr"),
        Shot("networks", "/?page=models", "#content h1"),
        Shot("data", "/?page=data", "tbody tr"),
        Shot("keys", "/?page=keys", "#content h1"),
        Shot("webhooks", "/?page=webhooks", "#content h1"),
        Shot("sign-in", "/", ".sign-in", signed_out=True),
    )


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="of a running service, such as http://127.0.0.1:8642")
    parser.add_argument("search", help="id of the search to show")
    parser.add_argument("other", help="id of a search to compare it with")
    parser.add_argument("--only", nargs="+", help="names of pages")
    arguments = parser.parse_args()
    front = httpx.get(f"{arguments.address}/v1/searches/{arguments.search}/front").json()
    trial_id = front["points"][-1]["trial"]["id"]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for shot in shots(arguments.search, arguments.other, trial_id):
            if arguments.only is None or shot.name in arguments.only:
                for name, look in LOOKS.items():
                    path = IMAGES / f"dashboard-{shot.name}-{name}.png"
                    _take(browser, shot, look, arguments.address, path)
        browser.close()


def _take(browser: Browser, shot: Shot, look: Look, address: str, path: Path) -> None:
    context = browser.new_context(
        color_scheme=look.scheme,
        viewport={"width": look.width, "height": look.height},
        device_scale_factor=look.scale,
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    if shot.signed_out:
        _ask_for_a_key(page)
    page.goto(f"{address}{shot.address}")
    page.wait_for_selector(shot.drawn)
    page.wait_for_timeout(SETTLE_MS)
    taken = Image.open(io.BytesIO(page.screenshot(full_page=shot.whole))).convert("RGB")
    taken = taken.crop((0, 0, taken.width, min(taken.height, TALLEST * look.scale)))
    taken.quantize(N_COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(path.name, taken.size, path.stat().st_size)
    context.close()


def _ask_for_a_key(page: Page) -> None:
    """Have the service look like one that wants to know who asks."""
    problem = {"type": "about:blank", "title": "No key", "status": 401, "code": "unauthenticated"}
    page.route(
        "**/v1/**",
        lambda route: route.fulfill(
            status=401, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )


if __name__ == "__main__":
    main()
