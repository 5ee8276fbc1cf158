"""Removing what nothing needs any more: on both databases, in a folder and on S3."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.artifact_files import ArtifactFiles
from db.blobs import open_blobs
from db.engines import make_engine
from db.leftover_repository import FILE_ADDRESSES
from db.tables import Base, EventRow, TrialLogRow
from search.entities import Limits, Model, Progress
from search.ids import new_id
from search.retention import DAY_S, Retention
from search.settings import Settings, settings_from_environment
from search.store import Store
from search.use_cases.results import report_progress
from search.use_cases.searches import cancel_search
from tests.servers import S3Server
from tests.service import NOW, claim, complete, new_search, proposals, queue_trials
from worker.garbage import Removed, collect
from worker.main import main

NO_FILES = {"datasets.sha256", "hardware_profiles.sha256", "models.sha256"}
"""Columns that hold the hash of something that is not in the artifact store."""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return settings_from_environment(
        {"BITPARETO_DATA_FOLDER": str(tmp_path), "BITPARETO_DATABASE_URL": database_url}
    )


@pytest.fixture
def files(settings: Settings) -> ArtifactFiles:
    return ArtifactFiles(settings.artifacts_url)


def age(settings: Settings, name: str, days: float = 2.0) -> None:
    path = settings.data_dir / "artifacts" / name
    then = time.time() - days * DAY_S
    os.utime(path, (then, then))


def names(settings: Settings) -> set[str]:
    return {blob.name for blob in open_blobs(settings.artifacts_url).stored()}


def address(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


def add_model(store: Store, weights: str) -> None:
    with store.begin() as uow:
        uow.models.add(
            Model(
                id=new_id("mod"),
                name="mine",
                sha256="a" * 64,
                weights_sha256=weights,
                size_bytes=1,
                layers=proposals(1)[0].layers,
                mean=None,
                std=None,
                created_at=NOW,
            )
        )


def test_only_old_files_that_nothing_refers_to_go(
    store: Store, settings: Settings, files: ArtifactFiles
) -> None:
    search = new_search(store, limits=Limits(max_trials=8, max_parallel=2))
    done, at_work = queue_trials(store, search, proposals(2))
    artifact, weights = files.put(b"the file of a trial"), files.put(b"the weights of a model")
    complete(store, claim(store, done), 0.9, sha256=artifact)
    add_model(store, weights)
    claim(store, at_work)
    unused, fresh = files.put(b"nobody's"), files.put(b"of a trial that ends soon")
    for trial_id in (done, at_work, new_id("trl")):
        files.checkpoints(trial_id).save(b"epoch 1")
    half = settings.data_dir / "artifacts" / "ab" / ".incoming-x"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half")
    theirs = settings.data_dir / "artifacts" / "README"
    theirs.write_text("not ours")
    for name in names(settings) - {address(fresh)}:
        age(settings, name)

    before = names(settings)
    said = collect(store, files, settings, remove=False)
    assert names(settings) == before
    assert collect(store, files, settings, remove=True) == said
    assert (said.files, said.checkpoints, said.left_over) == (1, 2, 1)
    assert said.file_bytes == len(b"nobody's") + 2 * len(b"epoch 1") + len(b"half")
    kept = {address(artifact), address(weights), address(fresh), f"checkpoints/{at_work}.pt"}
    assert names(settings) == {*kept, "README"}
    assert address(unused) in before
    assert not collect(store, files, settings, remove=True)


def test_a_file_stored_again_is_young_again(
    store: Store, settings: Settings, files: ArtifactFiles
) -> None:
    sha256 = files.put(b"twice the same")
    age(settings, address(sha256))
    (found,) = files.stored()
    files.put(b"twice the same")
    # found when it was old, stored again before it is removed
    assert not files.remove(found, datetime.now(UTC) - timedelta(days=1))
    assert not collect(store, files, settings, remove=True)
    assert files.read(sha256) == b"twice the same"


def test_a_checkpoint_goes_when_its_trial_has_ended(
    store: Store, settings: Settings, files: ArtifactFiles
) -> None:
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    files.checkpoints(trial_id).save(b"epoch 1")
    age(settings, f"checkpoints/{trial_id}.pt")
    assert not collect(store, files, settings, remove=True)
    with store.begin() as uow:
        cancel_search(uow, search.id, NOW)
    assert collect(store, files, settings, remove=True).checkpoints == 1
    assert files.checkpoints(trial_id).load() is None


@pytest.mark.parametrize("kept", ["logs", "epochs", "nothing"])
def test_logs_and_epochs_go_when_the_settings_say_so(
    store: Store, settings: Settings, files: ArtifactFiles, kept: str
) -> None:
    ended, running = new_search(store), new_search(store)
    for search in (ended, running):
        (trial_id,) = queue_trials(store, search, proposals(1))
        held = claim(store, trial_id)
        with store.begin() as uow:
            progress = Progress(phase="float", epoch=1, n_epochs=1)
            report_progress(uow, held.lease, progress, NOW)
        if search is ended:
            complete(store, held, 0.9)
            with store.begin() as uow:
                cancel_search(uow, search.id, NOW)
        write_log(settings.database_url, trial_id)
    long_s, short_s = 10_000 * DAY_S, DAY_S  # the searches of these tests are months old
    keep = Retention(
        logs_s=long_s if kept == "logs" else short_s,
        epochs_s=None if kept == "epochs" else short_s,
    )
    said = collect(store, files, replace(settings, retention=keep), remove=False)
    assert collect(store, files, replace(settings, retention=keep), remove=True) == said
    n_logs, n_epochs = int(kept != "logs"), int(kept != "epochs")
    assert said == Removed(log_entries=n_logs, log_bytes=7 * n_logs, epochs=n_epochs)
    assert count(settings.database_url, TrialLogRow) == 2 - n_logs
    with store.read() as uow:
        left = [len(uow.events.of_types(s.id, ["trial.progress"])) for s in (ended, running)]
        assert len(uow.events.after(ended.id, 0, 100)) > 3
    assert left == [1 - n_epochs, 1]


def write_log(database_url: str, trial_id: str) -> None:
    engine = make_engine(database_url)
    with Session(engine) as session, session.begin():
        session.add(TrialLogRow(trial_id=trial_id, attempt=1, text="epoch 1", n_bytes=7))
    engine.dispose()


def count(database_url: str, table: type[Base]) -> int:
    engine = make_engine(database_url)
    with Session(engine) as session:
        n = session.scalar(select(func.count()).select_from(table))
    engine.dispose()
    return n or 0


def test_every_address_of_a_file_is_known() -> None:
    addresses = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if "sha256" in column.name
    }
    known = {f"{c.class_.__tablename__}.{c.key}" for c in FILE_ADDRESSES}
    assert addresses == known | NO_FILES
    assert EventRow.__tablename__ not in {name.partition(".")[0] for name in addresses}


def test_the_command_says_what_it_would_remove_and_removes_it(
    settings: Settings,
    files: ArtifactFiles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BITPARETO_DATA_FOLDER", str(settings.data_dir))
    monkeypatch.setenv("BITPARETO_DATABASE_URL", settings.database_url)
    sha256 = files.put(b"nobody's")
    age(settings, address(sha256), days=5)
    monkeypatch.setenv("BITPARETO_KEEP_FILES_DAYS", "6")
    assert main(["gc"]) == 0
    assert "removed 0 unused files" in capsys.readouterr().out
    monkeypatch.setenv("BITPARETO_KEEP_FILES_DAYS", "4")
    assert main(["gc", "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"dry_run": True, **asdict(Removed(files=1, file_bytes=8))}
    assert names(settings) == {address(sha256)}
    assert main(["gc"]) == 0
    assert "removed 1 unused files" in capsys.readouterr().out
    assert names(settings) == set()


@pytest.fixture
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.kill()


def test_on_s3(
    sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    for name, value in {**S3Server.ENVIRONMENT, "AWS_ENDPOINT_URL": s3.endpoint}.items():
        monkeypatch.setenv(name, value)
    found = settings_from_environment(
        {
            "BITPARETO_DATA_FOLDER": str(tmp_path),
            "BITPARETO_ARTIFACTS_URL": "s3://bitpareto/garbage",
        }
    )
    settings = replace(found, retention=Retention(files_s=0.0))
    files = ArtifactFiles(settings.artifacts_url)
    search = new_search(sqlite_store)
    (trial_id,) = queue_trials(sqlite_store, search, proposals(1))
    artifact = files.put(b"the file of a trial")
    complete(sqlite_store, claim(sqlite_store, trial_id), 0.9, sha256=artifact)
    files.put(b"nobody's")
    files.checkpoints(trial_id).save(b"epoch 1")
    time.sleep(1.1)  # its clock has whole seconds
    (again,) = [f for f in files.stored() if f.key == artifact]
    before = datetime.now(UTC)
    time.sleep(1.1)
    files.put(b"the file of a trial")
    assert not files.remove(again, before)
    time.sleep(1.1)
    removed = collect(sqlite_store, files, settings, remove=True)
    assert (removed.files, removed.checkpoints) == (1, 1)
    assert names(settings) == {address(artifact)}
