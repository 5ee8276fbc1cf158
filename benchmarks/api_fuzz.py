"""The whole API against its own description, by schemathesis: no surprise in any answer.

``python -m benchmarks.api_fuzz [--cases 20000] [--schemathesis PROGRAM] [--output FILE]``

schemathesis is not among the dependencies: ``pip install schemathesis==4.32.5`` into an environment
of its own and name its program. It makes requests of the OpenAPI document, valid and invalid, three
times: without a key and with ids that it makes up, without a key and with ids that exist, and with
a key where one is needed. Then it follows the links of the document, without a key and with one:
chains of requests, each with the ids that the answer before had (searches are listed, one is
extended, a trial of its front is replicated, the replicate is cancelled). Any 5xx, undocumented
status or media type, or body that is not as described is a failure; so is a description that
schemathesis cannot read. The event streams are left out: they do not end.
"""

import argparse
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from api.app import create_app
from benchmarks.report import write_report
from quantization.artifact import write_artifact
from search.access import DEFAULT_PROJECT, Role, Scope
from search.entities import Limits
from search.settings import Settings
from search.use_cases.access import create_key, set_member
from search.use_cases.leases import Claim
from tests import served as served_module
from tests.served import Deployment, migrated_settings, served
from tests.service import EXPLANATION, new_search
from tests.unit.quantization.packed_networks import of_length

_CHECKS: Final = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)
_TESTED: Final = re.compile(r"(\d+) generated")
_FAILED: Final = re.compile(r"(\d+) unique failure")
_UNREADABLE: Final = re.compile(r"(\d+) errored")
_SCENARIOS: Final = re.compile(r"Scenarios: +(\d+)")
_LINKS: Final = re.compile(r"API Links: +(\d+) covered")
_WITHOUT_END: Final = ("events_events", "events_all_events")
_OF_THE_KEY: Final = ("access_revoke", "access_remove_member", "access_set_role")
"""What links lead to with a key: they would take from that key what it may do."""
_WAYS: Final = (
    ("no key, ids made up", False, False, False),
    ("no key, ids that exist", True, False, False),
    ("a key, ids that exist", True, True, False),
    ("no key, links", False, False, True),
    ("a key, links", False, True, True),
)
"""Name; whether ids exist, a key is sent, links are followed."""
_REMOTE: Final = "X-Forwarded-For: 192.0.2.1"
"""Asked under a name of others, so that this machine, too, needs the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One run of schemathesis: with which ids in paths, with which key, following links or not."""

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    follows_links: bool = False


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of all runs, about")
    parser.add_argument("--schemathesis", default="schemathesis", metavar="PROGRAM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    runs = []
    for name, has_ids, has_key, follows_links in _WAYS:
        # a deployment of its own: links lead to what takes a key away
        with tempfile.TemporaryDirectory(prefix="bitpareto-fuzz-") as folder:
            settings = migrated_settings(Path(folder))
            known, key = _fill(settings)
            way = Way(
                name=name,
                ids=known if has_ids else {},
                key=key if has_key else None,
                follows_links=follows_links,
            )
            app = create_app(settings, poll_s=0.05, heartbeat_s=1.0)
            with served(app) as address:
                runs.append(_run(arguments, Path(folder), address, way))
            print({**runs[-1], "what_failed": len(runs[-1]["what_failed"])}, flush=True)
    metrics = {
        "cases": float(sum(run["cases"] for run in runs)),
        "cases_by_links": float(sum(run["cases"] for run in runs if run["scenarios"])),
        "failures": float(sum(run["failures"] for run in runs)),
        "unreadable": float(sum(run["unreadable"] for run in runs)),
    }
    write_report("api_fuzz", metrics, runs, arguments.output)


def _fill(settings: Settings) -> tuple[dict[str, str], str]:
    """Put an ended search into a deployment; returns the ids there are, and an admin's key."""
    deployment = Deployment(settings)
    search = new_search(deployment.store, limits=Limits(max_trials=4, max_parallel=4))
    claims = deployment.claimed(search, 4)
    with patch.object(served_module, "packed_file", _real_file):
        artifacts = [deployment.complete(claims[i], 0.6 + i / 10) for i in range(4)]
    deployment.finish(search.id)
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        uow.explanations.keep(search.id, EXPLANATION)
        set_member(uow, DEFAULT_PROJECT, "ada", Role.ADMIN, now)
        _, key = create_key(
            uow,
            project_id=DEFAULT_PROJECT,
            user="ada",
            name="fuzz",
            scope=Scope.ADMIN,
            expires_at=None,
            now=now,
        )
    deployment.store.close()
    ids = {
        "search_id": search.id,
        "trial_id": claims[0].trial.id,
        "artifact_id": artifacts[0],
        "name": "bitfusion",
    }
    return ids, key


def _real_file(claim: Claim) -> bytes:
    return write_artifact(of_length(claim.trial.costs["size_bytes"]))


def _run(arguments: argparse.Namespace, folder: Path, address: str, way: Way) -> dict[str, Any]:
    config = folder / "schemathesis.toml"
    lines = ["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in way.ids.items())]
    config.write_text("\n".join(lines) + "\n" if way.ids else "")
    # each operation has examples, edge cases and drawn cases; a chain has some five requests
    share = arguments.cases // 5
    n, phases = (share // 5, "stateful") if way.follows_links else (share // 35, "")
    command = [arguments.schemathesis, "--config-file", str(config), "--no-color", "run"]
    command += [f"{address}/v1/openapi.json", "--phases", phases or "examples,coverage,fuzzing"]
    spared = _WITHOUT_END + (_OF_THE_KEY if way.follows_links and way.key is not None else ())
    command += [part for name in spared for part in ("--exclude-operation-id", name)]
    command += ["--checks", _CHECKS, "--continue-on-failure", "--seed", str(arguments.seed)]
    command += ["--max-examples", str(max(1, n)), "--request-timeout", "30"]
    command += ["--suppress-health-check", "all"]
    if way.key is not None:
        command += ["-H", f"Authorization: Bearer {way.key}", "-H", _REMOTE]
    done = subprocess.run(  # noqa: S603 - the program that was named
        command, capture_output=True, text=True, check=False, cwd=folder
    )
    if _TESTED.search(done.stdout) is None:
        raise RuntimeError(f"schemathesis ended with {done.returncode}: {done.stdout[-4000:]}")
    shown = done.stdout.partition("= FAILURES =")[2].partition("= WARNINGS =")[0]
    return {
        "run": way.name,
        "cases": _count(_TESTED, done.stdout),
        "scenarios": _count(_SCENARIOS, done.stdout),
        "links": _count(_LINKS, done.stdout),
        "failures": _count(_FAILED, done.stdout),
        "unreadable": _count(_UNREADABLE, done.stdout),
        "what_failed": shown.strip("= \n").splitlines()[:200],
    }


def _count(pattern: re.Pattern[str], text: str) -> int:
    return int(found[1]) if (found := pattern.search(text)) else 0


if __name__ == "__main__":
    main()
