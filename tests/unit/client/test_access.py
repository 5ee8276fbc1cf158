"""Keys and projects by SDK and command line, against a server that asks everybody for a key."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.app import create_app
from bitpareto import AuthenticationError, Client, NotFoundError, PermissionDeniedError
from bitpareto.cli import Exit
from bitpareto.cli import main as cli
from tests.served import Deployment, served
from worker.addresses import AddressError, check_reachable
from worker.main import main as server


@pytest.fixture
def first_key(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> str:
    """Made where the database is."""
    folder = str(deployment.settings.data_dir)
    assert server(["keys", "create", "--user", "ada", "--data-folder", folder]) == 0
    return capsys.readouterr().out.strip()


@pytest.fixture
def address(deployment: Deployment) -> Iterator[str]:
    with served(create_app(replace(deployment.settings, require_keys=True))) as url:
        yield url


def test_keys_and_projects(address: str, first_key: str) -> None:
    with Client(address) as nobody, pytest.raises(AuthenticationError):
        list(nobody.searches.list())
    with Client(address, api_key=first_key) as admin:
        assert admin.principal().user == "ada"
        admin.projects.set_member("default", "eve", "viewer")
        in_an_hour = datetime.now(UTC) + timedelta(hours=1)
        made = admin.api_keys.create(user="eve", name="laptop", expires_at=in_an_hour)
        assert (made.user, made.scope, made.name) == ("eve", "read", "laptop")
        second = admin.projects.create("second", admin="bob")
        assert [project.name for project in admin.projects.list()] == ["default"]
        assert {member.user for member in admin.projects.members("default")} == {"ada", "eve"}
        search = admin.searches.create(dataset="digits", space={"family": "mobilenetv2"})
        with Client(address, api_key=made.key) as viewer:
            assert viewer.searches.get(search.id).id == search.id
            with pytest.raises(PermissionDeniedError):
                viewer.searches.get(search.id).cancel()
        with Client(address, api_key=second.api_key.key) as elsewhere:
            with pytest.raises(NotFoundError):
                elsewhere.searches.get(search.id)
            with pytest.raises(NotFoundError):
                elsewhere.api_keys.revoke(made.id)
        admin.api_keys.revoke(made.id)
        with Client(address, api_key=made.key) as viewer, pytest.raises(AuthenticationError):
            list(viewer.searches.list())
        admin.projects.remove_member("default", "eve")
        assert {key.id for key in admin.api_keys.list()} >= {made.id}


def test_the_command_line(
    address: str,
    first_key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("BITPARETO_API_KEY", raising=False)
    assert cli(["ls", "--base-url", address]) == Exit.DENIED
    monkeypatch.setenv("BITPARETO_API_KEY", first_key)
    assert cli(["ls", "--base-url", address]) == Exit.OK
    capsys.readouterr()
    assert cli(["keys", "create", "--name", "ci", "--days", "3", "--base-url", address]) == Exit.OK
    made = capsys.readouterr().out.strip()
    assert cli(["keys", "ls", "--base-url", address]) == Exit.OK
    listed = capsys.readouterr().out
    assert "ci" in listed
    assert made not in listed
    monkeypatch.setenv("BITPARETO_API_KEY", made)
    assert cli(["whoami", "--base-url", address]) == Exit.OK
    assert "ada of default, may read" in capsys.readouterr().out
    assert cli(["keys", "ls", "--base-url", address]) == Exit.DENIED


def test_the_audit_log(
    address: str,
    first_key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Client(address, api_key=first_key) as admin:
        for _ in range(3):
            admin.searches.create(dataset="digits", space={"family": "mobilenetv2"})
        search = next(iter(admin.searches.list()))
        search.cancel()
        kept = list(admin.audit.list(page_size=2))
        assert [each.operation for each in kept] == ["searches_cancel"] + ["searches_create"] * 3
        assert [each.status for each in kept] == [202, 201, 201, 201]
        of_one = admin.audit.list(object_id=search.id, user="ada", operation="searches_create")
        assert [each.object_id for each in of_one] == [search.id]
        assert list(admin.audit.list(before=kept[-1].at)) == []
        assert len(list(admin.audit.list(after=kept[-1].at))) == 4
    monkeypatch.setenv("BITPARETO_API_KEY", first_key)
    arguments = ["audit", "--base-url", address]
    assert cli([*arguments, "--operation", "searches_cancel"]) == Exit.OK
    (_, line) = capsys.readouterr().out.strip().splitlines()
    assert all(word in line for word in ("ada", search.id, "202", kept[0].request_id))
    assert cli([*arguments, "--limit", "2", "--json"]) == Exit.OK
    assert capsys.readouterr().out.count("request_id") == 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_no_key(deployment: Deployment, host: str) -> None:
    check_reachable(host, deployment.store)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])  # noqa: S104
def test_every_other_host_needs_one_that_works(
    deployment: Deployment, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(AddressError, match="bitpareto-server keys create"):
        check_reachable(host, deployment.store)
    folder = ["--data-folder", str(deployment.settings.data_dir)]
    assert server(["keys", "create", "--user", "ada", *folder]) == 0
    check_reachable(host, deployment.store)
    capsys.readouterr()
    assert server(["keys", "ls", *folder]) == 0
    key_id = capsys.readouterr().out.split()[0]
    assert server(["keys", "revoke", key_id, *folder]) == 0
    with pytest.raises(AddressError):
        check_reachable(host, deployment.store)


def test_a_server_that_others_reach_does_not_start_without_a_key(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    folder = ["--data-folder", str(deployment.settings.data_dir)]
    assert server(["api", *arguments, *folder]) == os.EX_CONFIG
    assert "keys create" in capsys.readouterr().err


def test_whoever_needs_no_key_is_told_for_whom_one_is_made(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(deployment.settings.data_dir)
    with served(create_app(deployment.settings)) as url:
        assert cli(["keys", "create", "--base-url", url]) == Exit.USAGE
        assert "`bitpareto-server keys create` makes the first" in capsys.readouterr().err
        assert server(["keys", "create", "--user", "ada", "--data-folder", folder]) == 0
        assert cli(["keys", "create", "--base-url", url]) == Exit.USAGE
        told = capsys.readouterr().err
        assert "makes the first" not in told
        assert "ada" in told
