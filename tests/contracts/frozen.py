"""The frozen databases, what was put into them, and how they are thawed."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import create_engine, make_url

from search.access import BrowserSession, Role, Scope
from search.audit import AuditEntry
from search.entities import Model, Progress, Worker, WrittenProfile
from search.idempotency import RequestKey
from search.placement import Capabilities
from search.store import Store
from search.use_cases.access import create_key, create_project, set_member
from search.use_cases.results import fail_trial, report_progress
from search.use_cases.searches import cancel_search
from search.use_cases.trials import replicate_trial
from search.use_cases.webhooks import create_webhook, send_ping
from tests.service import (
    EXPLANATION,
    NOW,
    claim,
    complete,
    later,
    new_dataset,
    new_search,
    proposals,
    queue_trials,
)

FOLDER: Final = Path(__file__).parent / "frozen_schemas"
NAME: Final = "a name with ü, \N{GRINNING FACE}, 'quotes' and \\ in it"
ACCURACIES: Final = (0.91, 0.95)
"""Of its completed trials, by number; the second is on the front with the first."""
DATASET: Final = new_dataset("flowers", "1" * 64, dataset_id="dts_00000000000000000000000000")
YAML: Final = "name: mine\ncomment: kept as written\n"


def fill(store: Store) -> None:
    """Put something into every table, through the use cases where there is one."""
    search = new_search(store, name=NAME)
    smallest, largest = sorted(proposals(2), key=lambda each: each.costs["size_bytes"])
    first, second = queue_trials(store, search, [smallest, largest])
    held = claim(store, first)
    with store.begin() as uow:
        progress = Progress(phase="float", epoch=1, n_epochs=2, train_loss=0.5, accuracy=0.75)
        report_progress(uow, held.lease, progress, later(1))
        uow.logs.append(first, 1, "epoch 1\n")
    complete(store, held, ACCURACIES[0], later(2), sha256="a" * 64)
    complete(store, claim(store, second), ACCURACIES[1], later(3), sha256="b" * 64)
    with store.begin() as uow:
        replicate = replicate_trial(uow, first, seed=7, now=later(4))
    held = claim(store, replicate.id)
    with store.begin() as uow:
        fail_trial(uow, held.lease, "diverged", "loss nan", later(5))
    with store.begin() as uow:
        cancel_search(uow, search.id, later(6))
        uow.explanations.keep(search.id, EXPLANATION)
    _fill_the_rest(store)


def _fill_the_rest(store: Store) -> None:
    layers = proposals(1)[0].layers
    model = Model(
        id="mod_00000000000000000000000000",
        name="mine",
        sha256="c" * 64,
        weights_sha256="d" * 64,
        size_bytes=7,
        layers=layers,
        mean=(0.5,),
        std=(0.25,),
        created_at=NOW,
    )
    worker = Worker(
        id="wrk_00000000000000000000000000",
        kind="train",
        host="box",
        pid=1,
        device="cpu",
        trial_id=None,
        started_at=NOW,
        last_seen_at=NOW,
        capabilities=Capabilities(
            device="cpu", device_name="x", memory_bytes=2, free_memory_bytes=1
        ),
    )
    with store.begin() as uow:
        uow.models.add(model)
        uow.datasets.add(DATASET)
        request = RequestKey(name="one", fingerprint="f" * 64)
        uow.request_keys.claim(request, NOW)
        uow.request_keys.keep(request, model.id)
        uow.hardware_profiles.add(
            WrittenProfile(name="mine", sha256="e" * 64, yaml=YAML, created_at=NOW)
        )
        uow.workers.seen(worker)
        uow.workers.seen(replace(worker, id="wrk_gone", kind="optimize"))
        uow.workers.gone("wrk_gone")
        create_project(uow, "second", NOW)
        set_member(uow, "second", "ada", Role.EDITOR, NOW)
        key = {"user": "ada", "name": "laptop", "scope": Scope.WRITE, "expires_at": None}
        made, _ = create_key(uow, project_id="second", **key, now=NOW)  # type: ignore[arg-type]  # mixed
        session = BrowserSession(
            id="ses_00000000000000000000000000",
            project_id="second",
            key_id=made.id,
            created_at=NOW,
            expires_at=later(3600),
        )
        uow.access.add_session(session, "0" * 64)
        uow.audit.add(
            AuditEntry(
                id="aud_00000000000000000000000000",
                project_id="second",
                at=NOW,
                user="ada",
                key_id=made.id,
                operation="searches_cancel",
                object_id=NAME,
                status=202,
                request_id="req_1",
            )
        )
        webhook = create_webhook(
            uow,
            project_id="second",
            url="https://example.org/hook",
            description=NAME,
            event_types=["front.changed"],
            search_ids=[],
            enabled=True,
            now=NOW,
        )
        send_ping(uow, webhook.id, NOW)


def thaw(dump: Path, database_url: str) -> None:
    """Make an empty database what it was when it was frozen."""
    script = dump.read_text(encoding="utf-8")
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database))) as connection:
            connection.executescript(script)
        return
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.connection.driver_connection.execute(script)
    engine.dispose()
