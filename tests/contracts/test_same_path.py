"""Whoever asks for what another project has makes the database work as for what nobody has.

An answer that takes longer would tell that there is something, so the statements are the same, one
by one: with the same number of round trips, and by the same index, nothing is left to measure.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from api.access_table import NEEDS
from api.app import create_app
from search.access import DEFAULT_PROJECT, Role, Scope
from search.entities import WrittenProfile
from search.settings import settings_from_environment
from search.use_cases.access import create_key, create_project, set_member
from search.use_cases.webhooks import send_ping
from tests.contracts.test_garbage import add_model
from tests.served import Deployment, InProcess
from tests.service import EXPLANATION, add_webhook, new_search
from tests.unit.api.test_access import stored_dataset
from tests.unit.api.test_hardware_profiles import YAML

ROOT = Path(__file__).parents[2]
NOWHERE = {
    "search_id": "sea_00000000000000000000000000",
    "trial_id": "trl_00000000000000000000000000",
    "artifact_id": "art_00000000000000000000000000",
    "key_id": "key_00000000000000000000000000",
    "model_id": "mod_00000000000000000000000000",
    "dataset_id": "dts_00000000000000000000000000",
    "webhook_id": "whk_00000000000000000000000000",
    "delivery_id": "dlv_00000000000000000000000000",
    "format": "onnx",
    "name": "nothing",
    "project": "nowhere",
    "user": "nobody",
}
BODIES: dict[str, Any] = {
    "searches_extend": {"trials": 1},
    "access_set_role": {"role": "viewer"},
    "webhooks_update": {"enabled": False},
}


def operations() -> list[tuple[str, str, str]]:
    """Return id, method and path of what the committed description has ids in the path of."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return [
        (operation["operationId"], method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "{" in path and NEEDS[operation["operationId"]].scope is not None
    ]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yield what any engine runs meanwhile, transactions included.

    Left out is the question what time it is, which is asked every so often, whatever is looked for.
    """
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "clock_timestamp()" in statement:
            assert seen.pop() == "begin"
        else:
            seen.append(statement)

    def begin(_conn: object) -> None:
        seen.append("begin")

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "begin", begin)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        event.remove(Engine, "begin", begin)


def test_what_another_project_has_takes_the_statements_of_what_nobody_has(
    database_url: str, tmp_path: Path
) -> None:
    settings = settings_from_environment(
        {"BITPARETO_DATABASE_URL": database_url, "BITPARETO_DATA_FOLDER": str(tmp_path)}
    )
    deployment = Deployment(settings)
    theirs, key = _filled(deployment)
    app = create_app(settings)
    api = InProcess(app)
    try:
        _compare(api, theirs, key)
    finally:
        app.state.parts.store.close()
        deployment.store.close()


def _compare(api: InProcess, theirs: dict[str, str], key: str) -> None:
    def ask(operation: tuple[str, str, str], ids: dict[str, str]) -> tuple[int, list[str]]:
        name, method, path = operation
        where = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path)
        headers = {"Authorization": f"Bearer {key}"}
        with statements() as seen:
            answer = api.request(method, where, headers=headers, json=BODIES.get(name))
        return answer.status_code, seen

    compared = 0
    for operation in operations():
        ask(operation, NOWHERE)  # what is looked up once per process is looked up
        nobodys, other = ask(operation, NOWHERE), ask(operation, theirs)
        if nobodys[0] == other[0] == 404:
            assert other[1] == nobodys[1], operation
            assert nobodys[1], operation
            compared += 1
        else:
            assert nobodys[0] == other[0] == 403, (operation, nobodys[0], other[0])
    assert compared > 20


def _filled(deployment: Deployment) -> tuple[dict[str, str], str]:
    """Return ids of what a project has, and a key of another project's admin."""
    search = new_search(deployment.store)
    (claimed,) = deployment.claimed(search, 1)
    artifact_id = deployment.complete(claimed, 0.9)
    add_model(deployment.store, "d" * 64)
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        create_project(uow, "second", now)
        keys = {}
        for project, user in ((DEFAULT_PROJECT, "ada"), ("second", "bob")):
            set_member(uow, project, user, Role.ADMIN, now)
            keys[user] = create_key(
                uow,
                project_id=project,
                user=user,
                name="",
                scope=Scope.ADMIN,
                expires_at=None,
                now=now,
            )
        (model,) = uow.models.page(1)
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
        webhook = add_webhook(uow)
        delivery = send_ping(uow, webhook.id, now)
    board = WrittenProfile(name="board", sha256="e" * 64, yaml=YAML, created_at=now)
    dataset = stored_dataset(deployment)
    with deployment.store.of_project(DEFAULT_PROJECT).begin() as uow:
        uow.hardware_profiles.add(board)
    ids = {
        "search_id": search.id,
        "trial_id": claimed.trial.id,
        "artifact_id": artifact_id,
        "key_id": keys["ada"][0].id,
        "model_id": model.id,
        "dataset_id": dataset.id,
        "webhook_id": webhook.id,
        "delivery_id": delivery.id,
        "format": "onnx",
        "name": "board",
        "project": DEFAULT_PROJECT,
        "user": "ada",
    }
    return ids, keys["bob"][1]
