import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from training.datasets.cifar_binary import read_cifar_binary
from training.datasets.dataset import Split
from training.datasets.decoded_cache import decode_once
from training.datasets.errors import DatasetFormatError
from training.datasets.idx import read_idx
from training.datasets.parquet import read_parquet


def random_bytes(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


@pytest.mark.parametrize("shape", [(7,), (3, 5), (4, 3, 2)])
@pytest.mark.parametrize("zipped", [True, False])
def test_idx_comes_back(tmp_path: Path, shape: tuple[int, ...], zipped: bool) -> None:
    array = random_bytes(*shape)
    path = tmp_path / ("a.gz" if zipped else "a")
    path.write_bytes(gzip.compress(idx(array)) if zipped else idx(array))
    assert np.array_equal(read_idx(path), array)


def test_broken_idx_is_refused(tmp_path: Path) -> None:
    good = idx(random_bytes(4, 3))
    whole = gzip.compress(good)
    huge = bytes((0, 0, 8, 3)) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    floats = bytes((0, 0, 0x0D, 1)) + struct.pack(">I", 1) + bytes(4)
    broken = [b"", good[:3], good[:9], good[:-1], good + b"x", huge, floats, b"PK" + good]
    for i, data in enumerate(broken):
        path = tmp_path / f"{i}"
        path.write_bytes(data)
        with pytest.raises(DatasetFormatError):
            read_idx(path)
    for i, data in enumerate([whole[:-9], whole[:12], good, b"\x1f\x8b" + bytes(30)]):
        path = tmp_path / f"{i}.gz"
        path.write_bytes(data)
        with pytest.raises(DatasetFormatError):
            read_idx(path)


def png(pixels: np.ndarray, layout: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels.transpose(1, 2, 0).squeeze()).save(buffer, layout)
    return buffer.getvalue()


def write_parquet(path: Path, images: list[bytes], labels: list[int]) -> Path:
    structs = [{"bytes": image, "path": None} for image in images]
    layout = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"img": pa.array(structs, layout), "label": pa.array(labels, pa.int64())})
    pq.write_table(table, path)
    return path


@pytest.mark.parametrize("channels", [1, 3])
def test_parquet_comes_back_in_order(tmp_path: Path, channels: int) -> None:
    images = random_bytes(1100, channels, 5, 6)  # more than one batch of rows
    labels = list(np.arange(1100) % 7)
    path = write_parquet(tmp_path / "a.parquet", [png(x) for x in images], labels)
    split = read_parquet(path, (channels, 5, 6))
    assert np.array_equal(split.images, images)
    assert split.labels.tolist() == labels


@pytest.mark.parametrize("damage", ["size", "mode", "jpeg", "no image", "columns", "no parquet"])
def test_broken_parquet_is_refused(tmp_path: Path, damage: str) -> None:
    image = random_bytes(3, 8, 8)
    path = tmp_path / "a.parquet"
    if damage == "columns":
        pq.write_table(pa.table({"image": [1], "label": [2]}), path)
    elif damage == "no parquet":
        path.write_bytes(b"PAR1 but not really PAR1")
    else:
        encoded = {
            "size": png(random_bytes(3, 8, 9)),
            "mode": png(random_bytes(1, 8, 8)),
            "jpeg": png(image, "JPEG"),
            "no image": b"hello",
        }[damage]
        write_parquet(path, [png(image), encoded], [0, 1])
    with pytest.raises(DatasetFormatError):
        read_parquet(path, (3, 8, 8))


def tar_gz(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_cifar_binary_comes_back(tmp_path: Path) -> None:
    images, labels = random_bytes(6, 3, 32, 32), np.arange(6, dtype=np.uint8)
    records = [
        bytes([label]) + image.tobytes() for label, image in zip(labels, images, strict=True)
    ]
    members = {"x/a.bin": b"".join(records[:4]), "x/b.bin": b"".join(records[4:])}
    split = read_cifar_binary(tar_gz(tmp_path / "a.tar.gz", members), tuple(members))
    assert np.array_equal(split.images, images)
    assert split.labels.tolist() == labels.tolist()


@pytest.mark.parametrize("damage", ["missing", "cut", "too long", "no archive"])
def test_a_broken_cifar_archive_is_refused(tmp_path: Path, damage: str) -> None:
    content = {"cut": bytes(3073 * 2 - 1), "too long": bytes(3073 * 10_001)}.get(damage, b"")
    path = tar_gz(tmp_path / "a.tar.gz", {} if damage == "missing" else {"a.bin": content})
    if damage == "no archive":
        path.write_bytes(b"nothing of the kind")
    with pytest.raises(DatasetFormatError):
        read_cifar_binary(path, ["a.bin"])


class Decoder:
    """Counts how often it is asked."""

    def __init__(self, images: np.ndarray) -> None:
        self.split = Split(images=images, labels=np.arange(len(images)))
        self.calls = 0

    def __call__(self, source: Path) -> Split:
        assert source.is_file()
        self.calls += 1
        return self.split


def test_a_file_is_decoded_once_until_it_changes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"one")
    decoder = Decoder(random_bytes(3, 1, 2, 2))
    for _ in range(3):
        split = decode_once(source, decoder, cache=tmp_path)
        assert np.array_equal(split.images, decoder.split.images)
        assert np.array_equal(split.labels, decoder.split.labels)
    assert decoder.calls == 1
    source.write_bytes(b"two")
    decode_once(source, decoder, cache=tmp_path)
    assert decoder.calls == 2
    assert not list(tmp_path.rglob("*.partial"))


def test_a_damaged_cache_is_written_anew(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"one")
    decoder = Decoder(random_bytes(3, 1, 2, 2))
    decode_once(source, decoder, cache=tmp_path)
    for entry in (tmp_path / "decoded").iterdir():
        entry.write_bytes(entry.read_bytes()[:-1])
    decode_once(source, decoder, cache=tmp_path)
    decode_once(source, decoder, cache=tmp_path)
    assert decoder.calls == 2


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"one")
    decoder = Decoder(random_bytes(3, 1, 2, 2))
    for _ in range(2):
        decode_once(source, decoder, cache=source / "under a file")
    assert decoder.calls == 2
