"""The doctor on healthy and broken deployments; every fault is a real one."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from db.migrate import upgrade
from search.settings import Settings
from tests.servers import PostgresServer, RedisServer, S3Server
from worker import doctor
from worker.doctor import Finding, examine
from worker.main import main
from worker.parts import Parts


def findings(settings: Settings) -> dict[str, Finding]:
    """The last finding of each thing, which is the worst where there are two."""
    return {finding.check: finding for finding in examine(settings)}


def failed(settings: Settings) -> dict[str, Finding]:
    return {name: f for name, f in findings(settings).items() if f.status == "failed"}


def test_a_healthy_deployment(parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    with parts.store.begin() as uow:
        uow.workers.seen(parts.identity.row(parts.now()))
    found = findings(parts.settings)
    assert list(found) == [
        *("versions", "disk", "database", "clock", "workers", "broker", "files", "device")
    ]
    assert all(finding.status != "failed" for finding in found.values())
    assert found["device"].message.startswith("cpu ")
    assert "torch 2.13.0" in found["versions"].message
    files = set((parts.settings.data_dir / "artifacts").rglob("*"))
    assert main(["doctor", "--data-folder", str(parts.settings.data_dir)]) == 0
    printed = capsys.readouterr().out
    assert "ok      database" in printed
    assert "fix: `bitpareto-server up`, or `bitpareto-server worker --queue optimize`" in printed
    assert {f for f in (parts.settings.data_dir / "artifacts").rglob("*") if f.is_file()} <= files


def test_its_json_and_status_say_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json", "--data-folder", str(tmp_path)]) == 1
    said = json.loads(capsys.readouterr().out)
    assert not said["ok"]
    (database,) = [each for each in said["findings"] if each["check"] == "database"]
    assert database["status"] == "failed"
    assert "has no bitpareto tables" in database["message"]
    assert database["fix"] == "run `bitpareto-server migrate`"


def test_a_schema_of_a_newer_release(settings: Settings) -> None:
    upgrade(settings.database_url)
    engine = create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert failed(settings)["database"].fix == "install the newer release"


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.close()


def test_postgresql_that_refuses_and_that_is_away(
    settings: Settings, postgres: PostgresServer
) -> None:
    postgres.new_database("guarded")
    right = postgres.login("guarded", "guard", "open-sesame")
    upgrade(right)
    assert not failed(replace(settings, database_url=right))
    refused = failed(replace(settings, database_url=right.replace("sesame", "barley")))
    assert list(refused) == ["database"]
    assert "its password" in (refused["database"].fix or "")
    assert "barley" not in str(refused)
    nowhere = make_url(right).update_query_dict({"host": str(settings.data_dir / "nowhere")})
    away = failed(replace(settings, database_url=nowhere.render_as_string(hide_password=False)))
    assert "start the database" in (away["database"].fix or "")


def test_a_broker_that_refuses_and_one_that_is_away(settings: Settings, tmp_path: Path) -> None:
    upgrade(settings.database_url)
    server = RedisServer(tmp_path)
    try:
        right = server.require_password("open-sesame")
        assert not failed(replace(settings, broker_url=right))
        refused = failed(replace(settings, broker_url=server.url))
        assert list(refused) == ["broker"]
        assert "refuses us" in refused["broker"].message
        wrong = failed(replace(settings, broker_url=right.replace("sesame", "barley")))
        assert "barley" not in str(wrong)
    finally:
        server.kill()
    away = failed(replace(settings, broker_url=right))
    assert "start the broker" in (away["broker"].fix or "")
    assert "sesame" not in str(away)


def test_stores_of_files_that_refuse(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(settings.database_url)
    for url in ("file:///proc/bitpareto", "http://host/x"):
        assert list(failed(replace(settings, artifacts_url=url))) == ["files"]
    server = S3Server()
    try:
        for name, value in {**S3Server.ENVIRONMENT, "AWS_ENDPOINT_URL": server.endpoint}.items():
            monkeypatch.setenv(name, value)
        s3 = replace(settings, artifacts_url="s3://bitpareto/x")
        assert not failed(s3)
        server.require_known_keys()
        assert "AWS_" in (failed(s3)["files"].fix or "")
    finally:
        server.kill()


def test_a_device_that_is_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade(settings.database_url)
    monkeypatch.setenv("BITPARETO_DEVICE", "gpu")
    assert "allowed: auto, cpu, cuda" in failed(settings)["device"].message


@pytest.mark.parametrize(("room", "status"), [(2**30, "warning"), (2**20, "failed")])
def test_a_disk_that_is_nearly_full(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, room: int, status: str
) -> None:
    # a nearly full disk cannot be had on every machine that runs this
    usage = shutil.disk_usage(settings.data_dir.parent)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=room))
    assert findings(settings)["disk"].status == status
