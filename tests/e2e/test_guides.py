"""Every block of code in the documentation does what its page says, on a real service.

Searches get fewer trials and epochs than a reader would give them; nothing else is changed.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bitpareto import Client
from tests.e2e.service_process import started
from tests.e2e.snippets import Reader, Snippet, snippets
from tests.served import BODY

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "deploy" / "README.md", *(ROOT / "docs").rglob("*.md")])
WITH_BLOCKS = [page for page in PAGES if any(snippets(page))]
FEWER = {"max_trials": 2, "float_epochs": 2, "qat_epochs": 1, "n_initial": 2}
LEFT_TO_ITS_OWN_TEST = {"", "text", "mermaid"}
ADDRESS = re.compile(r"(?:localhost|127\.0\.0\.1):8642")


@dataclass(frozen=True, slots=True)
class Quick:
    """What a reader of the quick start has: a service, a search that has ended, its best file."""

    url: str
    file: bytes
    variables: dict[str, str]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    missing = [tool for tool in ("bash", "curl") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the pages use {' and '.join(missing)}, which this machine lacks")
    folder = tmp_path_factory.mktemp("service")
    with started(folder, "--train-workers", "2") as running, Client(base_url=running.url) as client:
        recipe = {"float_epochs": 2, "qat_epochs": 1, "max_accuracy_gap": 1.0}
        search = client.searches.create(**BODY, recipe=recipe, limits={"max_trials": 2})
        best = search.wait(timeout=120).front().best()
        path = best.artifact.download(folder / "digits.bpar")
        ids = {"SEARCH": search.id, "TRIAL": best.trial.id, "ARTIFACT": best.artifact.id}
        yield Quick(running.url, path.read_bytes(), ids)


def quicker(text: str) -> str:
    """Give searches the least that they can have."""
    for name, number in FEWER.items():
        text = re.sub(rf"""({name}["']?(?:: |=))\d+""", rf"\g<1>{number}", text)
    return text


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_runs(page: Path, quick: Quick, tmp_path: Path) -> None:
    reader = Reader(tmp_path / "reader", quick.url, quick.variables)
    (reader.folder / "digits.bpar").write_bytes(quick.file)
    if page.parent == ROOT:  # whoever reads the README stands in a clone that is set up
        (reader.folder / ".venv").symlink_to(ROOT / ".venv")
        for declared in (ROOT / "scripts" / "demo_searches").glob("*.yaml"):
            reader.write(str(declared.relative_to(ROOT)), quicker(declared.read_text()))
    try:
        for snippet in snippets(page):
            follow(reader, snippet, quick.url)
    finally:
        reader.leave()


def follow(reader: Reader, snippet: Snippet, url: str) -> None:
    text = quicker(ADDRESS.sub(url.removeprefix("http://"), snippet.text))
    match snippet.mark, snippet.language:
        case "not run", _:
            assert len(snippet.value.split()) > 1, f"{snippet} does not say why it is not run"
        case "file", _:
            reader.write(snippet.value, text)
        case "answer", "json":
            json.loads(text)
        case "answer", "yaml":
            yaml.safe_load(text)
        case "search" | "space" | "profile", _:
            declare(snippet, yaml.safe_load(text), url)
        case "", "sh":
            reader.shell(snippet, text)
        case "", "python":
            reader.python(snippet, text)
        case _, language if language in LEFT_TO_ITS_OWN_TEST:
            pass
        case _:
            raise AssertionError(f"{snippet}: what is to be done with {snippet.language!r}?")


def declare(snippet: Snippet, part: dict[str, object], url: str) -> None:
    """Have a server accept a declaration; what a part leaves out is filled in."""
    with Client(base_url=url) as client:
        if snippet.mark == "space":
            client.spaces.preview(dataset=snippet.value or "digits", space=part, n=100)
        elif snippet.mark == "search":
            whole = {"dataset": "digits", "space": {"family": "mobilenetv2"}, **part}
            client.searches.create(**whole).cancel()
        else:
            name = f"of-{snippet.page.stem}-{snippet.line}"
            whole = {"schema": 1, "name": name, **part}
            client.hardware_profiles.create(yaml.safe_dump(whole))
