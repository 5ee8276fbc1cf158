"""What is wrong with a deployment is said at once; what breaks while it runs loses nothing.

Every fault is a real one: real servers that refuse, and a limit on the length of files by which the
system itself refuses to write (as on a full disk, with EFBIG in place of ENOSPC).
"""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import create_engine, text

from db.migrate import upgrade
from db.store import open_store
from tests.contracts.invariants import check_invariants
from tests.e2e.service_process import SERVER, environment, processes_of, started
from tests.e2e.test_distributed import cluster
from tests.e2e.test_main_job import SEARCH, check_front, wait_for, wait_for_success
from tests.servers import PostgresServer, RedisServer, S3Server

pytestmark = pytest.mark.e2e

PROCESSES = {
    "api": ("api", "--port", "0"),
    "sweep": ("sweep",),
    "optimize": ("worker", "--queue", "optimize"),
    "train": ("worker", "--queue", "train"),
}
AT_ONCE_S = 30
ALL = tuple(PROCESSES)
Refused = Callable[..., None]


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture
def refused(tmp_path: Path) -> Refused:
    """Start processes that must end by themselves with a message, and soon."""

    def check(names: tuple[str, ...], said: str, **settings: str) -> None:
        running = {
            name: subprocess.Popen(
                [SERVER, *PROCESSES.get(name, (name,))],
                env={**environment(tmp_path), **settings},
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in names
        }
        try:
            printed = {
                name: each.communicate(timeout=AT_ONCE_S)[1] for name, each in running.items()
            }
        finally:
            for process in running.values():
                process.kill()
                process.communicate()
        for name, errors in printed.items():
            assert running[name].returncode == os.EX_CONFIG, (name, errors)
            assert said in errors, (name, errors)
            assert "Traceback" not in errors, (name, errors)

    return check


def test_a_wrong_password_of_the_database(postgres: PostgresServer, refused: Refused) -> None:
    postgres.new_database("guarded")
    right = postgres.login("guarded", "guard", "right")
    wrong = right.replace("right", "wrong")
    said = "password authentication failed"
    refused((*ALL, "migrate"), said, BITPARETO_DATABASE_URL=wrong)
    upgrade(right)


def test_a_database_that_is_not_there(postgres: PostgresServer, refused: Refused) -> None:
    missing = postgres.url.replace("/postgres?", "/nobody?")
    refused(("api", "migrate"), 'database "nobody" does not exist', BITPARETO_DATABASE_URL=missing)


@pytest.mark.parametrize(
    ("revision", "said"),
    [("0003", "run `bitpareto-server migrate`"), ("9999", "a newer release made it")],
)
def test_an_older_and_a_newer_schema(
    postgres: PostgresServer, refused: Refused, revision: str, said: str
) -> None:
    url = postgres.new_database("other")
    upgrade(url)
    _set_revision(url, revision)
    refused(ALL, said, BITPARETO_DATABASE_URL=url)
    if revision == "9999":
        refused(("migrate",), said, BITPARETO_DATABASE_URL=url)


def test_files_that_sqlite_cannot_use(tmp_path: Path, refused: Refused) -> None:
    good = tmp_path / "good.db"
    upgrade(f"sqlite:///{good}")
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "text.db").write_text("no database, but longer than its header would be" * 9)
    for url, said in (
        (f"sqlite:///file:{good}?mode=ro&uri=true", "readonly database"),
        (f"sqlite:///{tmp_path}/file/x.db", "cannot be made"),
        (f"sqlite:///{tmp_path}/text.db", "file is not a database"),
    ):
        refused(("api", "optimize"), said, BITPARETO_DATABASE_URL=url)


def test_a_wrong_password_of_the_broker(tmp_path: Path, refused: Refused) -> None:
    upgrade(f"sqlite:///{tmp_path}/bitpareto.db")
    server = RedisServer(tmp_path)
    try:
        right = server.require_password("right")
        wrong = right.replace("right", "wrong")
        refused(("optimize", "train"), "refuses us", BITPARETO_BROKER_URL=wrong)
        refused(("optimize",), "refuses us", BITPARETO_BROKER_URL=server.url)
    finally:
        server.kill()


def test_stores_of_files_that_refuse(tmp_path: Path, refused: Refused) -> None:
    upgrade(f"sqlite:///{tmp_path}/bitpareto.db")
    server = S3Server()
    try:
        s3 = {**S3Server.ENVIRONMENT, "BITPARETO_ARTIFACTS_URL": "s3://bitpareto/x"}
        gone = {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        refused(("train", "optimize"), "artifact store s3://bitpareto/x", **gone)
        server.require_known_keys()
        wrong = {**s3, "AWS_ENDPOINT_URL": server.endpoint}
        refused(("train",), "artifact store s3://bitpareto/x", **wrong)
    finally:
        server.kill()
    # a place where nobody may write, root neither
    refused(("train",), "artifact store", BITPARETO_ARTIFACTS_URL="file:///proc/bitpareto")


def test_a_full_disk_under_everything_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        search_id = client.post("/v1/searches", json=SEARCH).json()["id"]
        wait_for("a trial that trains", lambda: _training(client, search_id), 120)
        everyone = processes_of(tmp_path)
        _limit_files(everyone, 1)
        refused_by = wait_for("a refusal", lambda: _refusal(client), 30)
        assert refused_by["code"] == "store_busy"
        assert client.get(f"/v1/searches/{search_id}").status_code == 200
        time.sleep(3)
        _limit_files(everyone, resource.RLIM_INFINITY)
        wait_for_success(client, search_id)
        check_front(client, search_id)
        store = open_store(f"sqlite:///{service.folder / 'bitpareto.db'}")
        check_invariants(store, search_id)
        store.close()
        assert service.stop() == 0


def test_a_store_of_files_that_goes_away_costs_no_trial(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """The limit on files is the train workers' alone: their packed files cannot be written."""
    redis_server = RedisServer(tmp_path)
    url = postgres.new_database("crowded")
    try:
        with (
            cluster(tmp_path, url, redis_server.url) as running,
            httpx.Client(base_url=running.url, timeout=30) as client,
        ):
            wait_for("the API", lambda: _answers(client), 120)
            wait_for("the train workers", lambda: len(_workers(client)) == 2 or None, 120)
            pids = [worker["pid"] for worker in _workers(client)]
            train = [psutil.Process(pid) for pid in pids]
            _limit_files(train, 100)
            search_id = client.post("/v1/searches", json=SEARCH).json()["id"]
            packed = wait_for(
                "a file to be stored", lambda: _after_training(client, search_id), 120
            )
            time.sleep(8)  # two leases, which the heartbeat must keep
            assert packed <= set(_running(client, search_id))
            _limit_files(train, resource.RLIM_INFINITY)
            wait_for_success(client, search_id)
            check_front(client, search_id)
            store = open_store(url)
            check_invariants(store, search_id)
            with store.read() as uow:
                assert {trial.attempt for trial in uow.trials.of_search(search_id)} == {1}
            store.close()
    finally:
        redis_server.kill()


def test_a_power_cut_in_embedded_mode_loses_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        search_id = client.post("/v1/searches", json=SEARCH).json()["id"]
        wait_for("a trial that trains", lambda: _training(client, search_id), 120)
        wait_for("every process to be gone", lambda: _all_killed(tmp_path), 10)
    with started(tmp_path) as service, httpx.Client(base_url=service.url, timeout=30) as client:
        wait_for_success(client, search_id)
        check_front(client, search_id)
        store = open_store(f"sqlite:///{service.folder / 'bitpareto.db'}")
        check_invariants(store, search_id)
        with store.read() as uow:
            assert {trial.attempt for trial in uow.trials.of_search(search_id)} >= {1, 2}
        store.close()


def _all_killed(folder: Path) -> bool:
    """Kill at once whoever is there, also one that another had just started."""
    for process in processes_of(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return not processes_of(folder)


def _set_revision(url: str, revision: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})
    engine.dispose()


def _limit_files(processes: list[psutil.Process], longest: int) -> None:
    """Let no process write a file beyond ``longest`` bytes."""
    for process in processes:
        if process.is_running():
            process.rlimit(resource.RLIMIT_FSIZE, (longest, resource.RLIM_INFINITY))


def _training(client: httpx.Client, search_id: str) -> str | None:
    return next(iter(_running(client, search_id)), None)


def _running(client: httpx.Client, search_id: str) -> dict[str, dict[str, Any]]:
    trials = client.get(f"/v1/searches/{search_id}/trials").json()["data"]
    return {t["id"]: t["progress"] for t in trials if t["state"] == "running" and t["progress"]}


def _after_training(client: httpx.Client, search_id: str) -> set[str] | None:
    """Return trials whose last epoch is reported, if there are any."""
    found = _running(client, search_id).items()
    return {key for key, progress in found if progress["phase"] == "pack"} or None


def _refusal(client: httpx.Client) -> dict[str, Any] | None:
    answer = client.post("/v1/searches", json=SEARCH)
    return answer.json() if answer.status_code == 503 else None


def _answers(client: httpx.Client) -> bool | None:
    try:
        return client.get("/readyz").status_code == 200 or None
    except httpx.TransportError:
        return None


def _workers(client: httpx.Client) -> list[dict[str, Any]]:
    found = client.get("/v1/workers").json()["data"]
    return [worker for worker in found if worker["queue"] == "train"]
