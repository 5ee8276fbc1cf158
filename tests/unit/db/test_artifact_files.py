"""The artifact store in a folder."""

import hashlib
from pathlib import Path

import pytest

from db.artifact_files import ArtifactFiles, ArtifactStoreError
from search.errors import NotFoundError

TRIAL = "trl_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def files(tmp_path: Path) -> ArtifactFiles:
    return ArtifactFiles((tmp_path / "artifacts here").as_uri())


def test_the_address_is_the_hash_of_the_content(files: ArtifactFiles) -> None:
    address = files.put(b"packed")
    assert address == hashlib.sha256(b"packed").hexdigest() == files.put(b"packed")
    assert files.read(address) == b"packed"


def test_a_damaged_file_is_noticed(files: ArtifactFiles) -> None:
    address = files.put(b"packed")
    files.path(address).write_bytes(b"PACKED")
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


def test_nothing_half_written_stays(files: ArtifactFiles, tmp_path: Path) -> None:
    files.put(b"packed")
    files.checkpoints(TRIAL).save(b"epoch 1")
    assert not list(tmp_path.rglob(".incoming-*"))


def test_a_trial_id_cannot_leave_the_folder(files: ArtifactFiles) -> None:
    with pytest.raises(NotFoundError):
        files.checkpoints("trl_../../../../../../etc/x")


@pytest.mark.parametrize("url", ["s3://bucket/x", "http://host/x", "file://elsewhere/x"])
def test_other_stores_are_refused(url: str) -> None:
    with pytest.raises(ArtifactStoreError, match="file://"):
        ArtifactFiles(url)
