"""The artifact store, in a folder and on an S3-compatible server."""

import errno
import hashlib
import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.artifact_files import ArtifactFiles
from db.blobs import ArtifactStoreError, ArtifactStoreUnavailableError, open_blobs
from search.errors import NotFoundError
from tests.servers import S3Server

TRIAL = "trl_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.kill()


@pytest.fixture
def s3_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in S3Server.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["folder", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "folder":
        return (tmp_path / "artifacts here").as_uri()
    server: S3Server = request.getfixturevalue("s3")
    request.getfixturevalue("s3_environment")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    return f"s3://bitpareto/{tmp_path.name}"


@pytest.fixture
def files(url: str) -> ArtifactFiles:
    return ArtifactFiles(url)


def test_the_address_is_the_hash_of_the_content(files: ArtifactFiles) -> None:
    address = files.put(b"packed")
    assert address == hashlib.sha256(b"packed").hexdigest() == files.put(b"packed")
    assert files.read(address) == b"packed"


def test_another_process_reads_what_one_wrote(files: ArtifactFiles, url: str) -> None:
    other = ArtifactFiles(url)
    with pytest.raises(NotFoundError):
        other.read(hashlib.sha256(b"packed").hexdigest())
    assert other.read(files.put(b"packed")) == b"packed"


def test_a_damaged_file_is_noticed(files: ArtifactFiles, url: str) -> None:
    address = files.put(b"packed")
    open_blobs(url).write(f"{address[:2]}/{address}", b"PACKED")
    with pytest.raises(ArtifactStoreError, match=address):
        files.read(address)
    assert files.put(b"packed") == address
    assert files.read(address) == b"packed"


@pytest.mark.parametrize("address", ["", "0" * 64, "../" * 21 + "x", "A" * 64])
def test_what_is_not_there_is_not_found(files: ArtifactFiles, address: str) -> None:
    with pytest.raises(NotFoundError):
        files.read(address)


def test_a_checkpoint_is_replaced_and_discarded(files: ArtifactFiles) -> None:
    checkpoints = files.checkpoints(TRIAL)
    assert checkpoints.load() is None
    checkpoints.save(b"epoch 1")
    checkpoints.save(b"epoch 2")
    assert files.checkpoints(TRIAL).load() == b"epoch 2"
    checkpoints.discard()
    checkpoints.discard()
    assert checkpoints.load() is None


def test_names_are_listed_and_nothing_half_written_stays(files: ArtifactFiles, url: str) -> None:
    address = files.put(b"packed")
    files.checkpoints(TRIAL).save(b"epoch 1")
    files.check()
    blobs = open_blobs(url)
    assert [b.name for b in blobs.stored("checkpoints/")] == [f"checkpoints/{TRIAL}.pt"]
    assert [b.name for b in blobs.stored(f"{address[:2]}/")] == [f"{address[:2]}/{address}"]
    assert [b.name for b in blobs.stored("probes/")] == []


def test_a_part_is_read_of_what_is_there(files: ArtifactFiles) -> None:
    content = bytes(range(256)) * 9
    address = files.put(content)
    for start, stop in ((0, 1), (0, 2304), (100, 2000), (2303, 2304), (2000, 9999)):
        assert files.read_range(address, start, stop) == content[start:stop]
    assert files.read_range(address, 7, 7) == b""
    for stop in (0, 1):
        with pytest.raises(NotFoundError):
            files.read_range("0" * 64, 0, stop)


@pytest.mark.parametrize("n_bytes", [0, 1, 5 << 20])
def test_a_file_is_stored_as_its_bytes_would_be(
    files: ArtifactFiles, tmp_path: Path, n_bytes: int
) -> None:
    content = random.Random(n_bytes).randbytes(n_bytes)  # noqa: S311 - any bytes
    path, fetched = tmp_path / "upload", tmp_path / "fetched"
    path.write_bytes(content)
    address = hashlib.sha256(content).hexdigest()
    files.put_file(path, address)
    assert files.read(address) == content
    files.fetch(address, fetched)
    assert fetched.read_bytes() == content
    assert files.put(content) == address  # whoever wrote it, it is one


def test_a_file_takes_the_place_of_a_damaged_one(
    files: ArtifactFiles, url: str, tmp_path: Path
) -> None:
    path, address = tmp_path / "upload", hashlib.sha256(b"packed").hexdigest()
    path.write_bytes(b"packed")
    open_blobs(url).write(f"{address[:2]}/{address}", b"a longer one that is damaged")
    files.put_file(path, address)
    assert files.read(address) == b"packed"
    with pytest.raises((FileNotFoundError, ArtifactStoreUnavailableError)):
        files.put_file(tmp_path / "none", "0" * 64)
    with pytest.raises(NotFoundError):
        files.read("0" * 64)


def test_a_file_in_several_parts_is_whole(
    s3: S3Server, s3_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Above 100 MiB an object is sent in parts, which the server puts together."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    path, size = tmp_path / "large", (100 << 20) + 7
    with path.open("wb") as file:
        file.write(b"first")
        file.seek(size - 4)
        file.write(b"last")
    blobs = open_blobs(f"s3://bitpareto/{tmp_path.name}")
    blobs.write_file("large", path)
    assert blobs.look("large").size_bytes == size
    assert blobs.read_range("large", 0, 6) == b"first\0"
    assert blobs.read_range("large", size - 5, size) == b"\0last"
    blobs.delete("large")


@pytest.mark.parametrize("call", ["read_range", "write_file"])
def test_a_server_that_is_gone_is_said(
    s3_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    blobs, path = open_blobs("s3://bitpareto/x"), tmp_path / "file"
    path.write_bytes(b"packed")
    arguments = {"read_range": ("name", 0, 1), "write_file": ("name", path)}[call]
    with pytest.raises(ArtifactStoreUnavailableError, match="s3://bitpareto/x"):
        getattr(blobs, call)(*arguments)


def test_a_trial_id_cannot_leave_the_folder(files: ArtifactFiles) -> None:
    with pytest.raises(NotFoundError):
        files.checkpoints("trl_../../../../../../etc/x")


@pytest.mark.parametrize("other", ["http://host/x", "file://elsewhere/x", "s3:///x", "x"])
def test_other_stores_are_refused(other: str) -> None:
    with pytest.raises(ArtifactStoreError, match="file://"):
        ArtifactFiles(other)


def test_a_full_disk_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    files = ArtifactFiles((tmp_path / "artifacts").as_uri())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactStoreUnavailableError, match="No space left"):
        files.put(b"packed")
    with pytest.raises(ArtifactStoreUnavailableError, match="No space left"):
        files.check()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "artifacts").write_text("a file in its place")
    with pytest.raises(ArtifactStoreUnavailableError, match="artifacts"):
        ArtifactFiles((tmp_path / "artifacts").as_uri()).check()


@pytest.mark.usefixtures("s3_environment")
def test_an_unreachable_server_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ArtifactStoreUnavailableError, match="s3://bitpareto/x"):
        ArtifactFiles("s3://bitpareto/x").check()


@pytest.mark.usefixtures("s3_environment")
def test_a_missing_bucket_is_said(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint)
    with pytest.raises(ArtifactStoreUnavailableError, match="s3://nobody/x"):
        ArtifactFiles("s3://nobody/x").check()


def test_storing_what_is_there_takes_what_storing_anything_takes(
    files: ArtifactFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("read", "write", "look", "delete"):
        act = getattr(files._blobs, name)

        def noted(*args: object, _act: Callable[..., object] = act, _name: str = name) -> object:
            done.append(_name)
            return _act(*args)

        monkeypatch.setattr(files._blobs, name, noted)
    files.put(b"of one project")
    first = list(done)
    files.put(b"of one project")
    assert done == 2 * first
