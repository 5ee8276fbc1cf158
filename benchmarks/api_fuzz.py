"""The whole API against its own description, by schemathesis: no surprise in any answer.

``python -m benchmarks.api_fuzz [--cases 20000] [--schemathesis PROGRAM] [--output FILE]``

schemathesis is not among the dependencies: ``pip install schemathesis==4.32.5`` into an environment
of its own and name its program. It makes requests of the OpenAPI document, valid and invalid, also
chains of them (a search is created, listed, cancelled), three times: without a key and with ids
that it makes up, without a key and with ids that exist, and with a key where one is needed. Any
5xx, undocumented status or media type, or body that is not as described is a failure. The event
stream is left out: it does not end. Version 4.32.5 cannot read ``prefixItems`` in a response of the
hardware profiles and counts that as an error of its own.
"""

import argparse
import re
import subprocess
import tempfile
from collections.abc import Mapping
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
_OPERATIONS: Final = 43


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="of all runs, about")
    parser.add_argument("--schemathesis", default="schemathesis", metavar="PROGRAM")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory(prefix="bitpareto-fuzz-") as folder:
        settings = migrated_settings(Path(folder))
        known, key = _fill(settings)
        ways: tuple[tuple[str, Mapping[str, str], str | None], ...] = (
            ("no key, ids made up", {}, None),
            ("no key, ids that exist", known, None),
            ("a key, ids that exist", known, key),
        )
        for name, ids, sent in ways:
            app = create_app(settings, poll_s=0.05, heartbeat_s=1.0)
            with served(app) as address:
                found = _run(arguments, Path(folder), address, ids, sent)
            runs.append({"run": name, **found})
            print(runs[-1], flush=True)
    metrics = {
        "cases": float(sum(run["cases"] for run in runs)),
        "failures": float(sum(run["failures"] for run in runs)),
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


def _run(
    arguments: argparse.Namespace,
    folder: Path,
    address: str,
    ids: Mapping[str, str],
    key: str | None,
) -> dict[str, Any]:
    config = folder / "schemathesis.toml"
    lines = ["[parameters]", *(f'"path.{name}" = "{value}"' for name, value in ids.items())]
    config.write_text("\n".join(lines) + "\n" if ids else "")
    command = [arguments.schemathesis, "--config-file", str(config), "--no-color", "run"]
    command += [f"{address}/v1/openapi.json", "--exclude-operation-id", "events_events"]
    command += ["--exclude-operation-id", "events_all_events"]  # streams do not end
    command += ["--checks", _CHECKS, "--continue-on-failure", "--seed", str(arguments.seed)]
    command += ["--max-examples", str(max(1, arguments.cases // 3 // _OPERATIONS))]
    command += ["--request-timeout", "30", "--suppress-health-check", "all"]
    if key is not None:
        # asked for under a name of others, so that this machine, too, needs the key
        command += ["-H", f"Authorization: Bearer {key}", "-H", "X-Forwarded-For: 192.0.2.1"]
    done = subprocess.run(  # noqa: S603 - the program that was named
        command, capture_output=True, text=True, check=False, cwd=folder
    )
    tested = _TESTED.search(done.stdout)
    if tested is None:
        raise RuntimeError(f"schemathesis ended with {done.returncode}: {done.stdout[-4000:]}")
    shown = done.stdout.partition("= FAILURES =")[2].partition("= WARNINGS =")[0]
    return {
        "cases": int(tested[1]),
        "failures": int(failed[1]) if (failed := _FAILED.search(done.stdout)) else 0,
        "what_failed": shown.strip("= \n").splitlines()[:200],
    }


if __name__ == "__main__":
    main()
