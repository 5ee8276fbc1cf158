"""What the model has learned, through SDK and command line."""

import json
import re
from argparse import Namespace
from dataclasses import replace

import pytest
from rich.console import Console

from bitpareto import Client, NotFoundError
from bitpareto.cli import main
from bitpareto.cli.explain import explain
from search.entities import Strategy
from tests.served import Deployment
from tests.service import EXPLANATION, new_search


@pytest.fixture
def search_id(deployment: Deployment) -> str:
    search = new_search(deployment.store, strategy=Strategy(name="bayesian"))
    with deployment.store.begin() as uow:
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
    return search.id


def test_the_sdk_reads_it(client: Client, search_id: str) -> None:
    found = client.searches.get(search_id).explanation()
    assert (found.n_measured, found.importance[0].gene) == (5, "stem.width")
    assert found.front[0].genes == {"stem.width": 8, "kind": "plain"}


def test_the_sdk_says_why_there_is_none(client: Client, deployment: Deployment) -> None:
    search = client.searches.get(new_search(deployment.store).id)
    with pytest.raises(NotFoundError, match="the strategy random fits no model") as refused:
        search.explanation()
    assert refused.value.problem.code == "not_explained"


def test_the_command_line_shows_it(
    address: str, search_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--base-url", address]
    assert main(["explain", search_id, *at]) == 0
    shown = capsys.readouterr().out
    for part in ("from 5 trials", "stem.width", "100.0%", "+1.00%", "0.78%", "+12.5", "90.00%"):
        assert part in shown
    assert main(["explain", search_id, "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["bit_steps"][0]["bits"] == 2.0
    assert main(["explain", "sea_none", *at]) == 4


COSTS = {"size_bytes": 123456.0, "macs": 40551040.0, "bops": 2595266560.0, "latency_ms": 12.25}
DETAILED = replace(
    EXPLANATION,
    bit_steps=(
        replace(EXPLANATION.bit_steps[0], gene="stage1.block0.conv.weight_bits", costs=COSTS),
    ),
    front=(
        replace(EXPLANATION.front[0], number=17, candidate_hash="0123456789abcdef", costs=COSTS),
    ),
)


@pytest.mark.parametrize(
    ("width", "missing"),
    [(200, []), (80, ["network"]), (50, ["network", "latency_ms", "bops"])],
)
def test_its_tables_fit_narrow_terminals(
    client: Client, deployment: Deployment, search_id: str, width: int, missing: list[str]
) -> None:
    with deployment.store.begin() as uow:
        uow.searches.lock(search_id)
        uow.explanations.keep(search_id, DETAILED)
    out = Console(width=width, markup=False)
    with out.capture() as captured:
        explain(client, Namespace(search=search_id, json=False), out)
    printed = captured.get()
    assert "…" not in printed
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= width
    said = re.findall(r"no room for: ([\w, ]+); ", printed)
    assert said[-1:] == ([", ".join(missing)] if missing else [])
    for part in ("+1.00%", "0.78%", "+123456", "90.00%", "17"):
        assert part in printed
