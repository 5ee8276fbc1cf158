"""What the page asks for at once is what it is made of."""

import re
from pathlib import Path

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"


def _imported_from(*roots: str) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            text = (DASHBOARD / name).read_text()
            waiting += re.findall(r'^import [^;]*?from "\./([\w.]+)";', text, re.MULTILINE)
    return found


def test_every_module_of_a_searchs_page_is_asked_for_at_once() -> None:
    preloaded = re.findall(r'rel="modulepreload" href="([\w.]+)"', _read("index.html"))
    assert sorted(preloaded) == sorted(_imported_from("main.js", "search_page.js") - {"main.js"})


def _read(name: str) -> str:
    return (DASHBOARD / name).read_text()
