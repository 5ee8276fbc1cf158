"""Files that are damaged or meant to harm: each is refused at its place, for its reason."""

import io
import json
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from search.errors import InvalidRequestError
from tests.uploads import class_folders, coloured, encoded, npz, parquet, zipped
from training.uploads import archive, collected, pictures
from training.uploads.convert import convert
from training.uploads.options import Options

IMAGES, LABELS = coloured(12, 2)
NAMES = ("ant", "bee")


def refused(path: Path, **options: Any) -> tuple[str, str]:
    """Return place and code of the one problem."""
    with pytest.raises(InvalidRequestError) as caught:
        convert(path, path.parent, Options(**options))
    (problem,) = caught.value.problems
    return problem.pointer, problem.code


def folders(**more: bytes) -> dict[str, bytes]:
    return {**class_folders(IMAGES, LABELS, NAMES), **more}


def test_the_files_of_these_tests_are_sound_without_what_is_wrong(tmp_path: Path) -> None:
    facts = convert(zipped(tmp_path / "a.zip", folders()), tmp_path, Options())
    assert facts["n"] == {"train": 20, "validation": 2, "test": 2}


@pytest.mark.parametrize(
    "name",
    ["../ant/1.png", "/ant/1.png", "ant/../../1.png", "ant\\1.png", "ant//1.png", "C:/ant/1.png"],
)
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", folders(**{name: encoded(IMAGES[0])}))
    assert refused(path)[1] == "unsafe_name"
    assert {each.name for each in tmp_path.iterdir()} <= {"a.zip", "pixels.raw"}


@pytest.mark.parametrize("kind", [0o120000, 0o020000, 0o010000])
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    path = zipped(tmp_path / "a.zip", folders())
    entry = zipfile.ZipInfo("ant/link.png")
    entry.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr(entry, "/etc/passwd")
    assert refused(path) == ("ant/link.png", "unsafe_name")


def test_entries_twice(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", folders())
    with zipfile.ZipFile(path, "a") as opened, pytest.warns(UserWarning, match="Duplicate"):
        opened.writestr("ant/00000.png", encoded(IMAGES[1]))
    assert refused(path) == ("ant/00000.png", "duplicate")


def test_a_bomb_of_zeros(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", folders())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("ant/zeros.png", bytes(32 << 20))
    assert refused(path) == ("ant/zeros.png", "too_dense")


def test_a_bomb_of_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_ENTRIES", 20)
    assert refused(zipped(tmp_path / "a.zip", folders())) == ("archive", "n_entries")


def test_more_bytes_than_may_be_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    assert refused(zipped(tmp_path / "a.zip", folders())) == ("archive", "too_large")


def test_entries_that_share_their_bytes(tmp_path: Path) -> None:
    """As in the bombs of D. Fifield: many entries of a table of contents are one place."""
    path = tmp_path / "a.zip"
    noise = os.urandom(100_000)
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("ant/0.png", noise)
        first = opened.infolist()[0]
        for i in range(1, 9):
            entry = zipfile.ZipInfo(f"ant/{i}.png")
            entry.CRC, entry.header_offset = first.CRC, first.header_offset
            entry.file_size = entry.compress_size = len(noise)
            opened.filelist.append(entry)
        opened._didModify = True  # type: ignore[attr-defined]  # there is no other way to write it
    assert refused(path) == ("archive", "damaged")


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"BZh"])
def test_archives_in_archives(tmp_path: Path, content: bytes) -> None:
    path = zipped(tmp_path / "a.zip", folders(**{"ant/x.png": content + bytes(50)}))
    assert refused(path) == ("ant/x.png", "nested_archive")


def test_an_encrypted_entry(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", folders())
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    assert refused(path)[1] == "unreadable"


def test_a_damaged_entry(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", folders())
    content = path.read_bytes()
    at = content.index(b"IDAT") + 8
    path.write_bytes(content[:at] + bytes([content[at] ^ 255]) + content[at + 1 :])
    assert refused(path) == ("ant/00000.png", "damaged")
    path.write_bytes(content[: len(content) // 2])
    assert refused(path) == ("archive", "damaged")


def _png_of(width: int, height: int) -> bytes:
    """A PNG that says it is large and is not."""
    sound = encoded(np.zeros((1, 1), np.uint8))
    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + sound[24:29]
    return sound[:12] + head + zlib.crc32(head).to_bytes(4, "big") + sound[33:]


def _animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(image) for image in IMAGES[:2]]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


def _cmyk() -> bytes:
    file = io.BytesIO()
    Image.new("CMYK", (8, 8)).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: _png_of(50_000, 50_000), "no_image"),  # Pillow refuses it before we do
        (lambda: _png_of(5_000, 5_000), "too_many_pixels"),
        (lambda: b"", "no_image"),
        (lambda: b"not an image", "no_image"),
        (lambda: encoded(IMAGES[0])[:60], "no_image"),
        (lambda: encoded(IMAGES[0], "BMP"), "no_image"),
        (lambda: encoded(IMAGES[0], "GIF"), "no_image"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_image"),
        (lambda: encoded(np.zeros((8, 8), np.uint16)), "pixel_type"),
        (lambda: encoded(np.zeros((8, 8, 4), np.uint8)), "transparent"),
        (lambda: encoded(np.zeros((9, 8, 3), np.uint8)), "other_shape"),
        (_animated, "animated"),
        (_cmyk, "pixel_type"),
    ],
)
def test_images_that_are_none_or_too_much(
    tmp_path: Path, content: Callable[[], bytes], code: str
) -> None:
    path = zipped(tmp_path / "a.zip", folders(**{"bee/x.png": content()}))
    assert refused(path) == ("bee/x.png", code)


def test_an_image_file_of_too_many_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.uploads.folders.MOST_FILE_BYTES", 100)
    assert refused(zipped(tmp_path / "a.zip", folders()))[1] == "too_large"


def test_colour_among_grey(tmp_path: Path) -> None:
    files = class_folders(IMAGES[..., 0], LABELS, NAMES)
    files["bee/x.png"] = encoded(IMAGES[0])
    path = zipped(tmp_path / "a.zip", files)
    assert refused(path) == ("bee/x.png", "mixed_channels")
    assert convert(path, tmp_path, Options(channels=3))["input_shape"] == [3, 8, 8]
    assert convert(path, tmp_path, Options(channels=1))["input_shape"] == [1, 8, 8]


@pytest.mark.parametrize("name", ["1.png", "ant/deep/1.png", "train/ant/deep/er/1.png"])
def test_files_in_no_class_folder(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", folders(**{name: encoded(IMAGES[0])}))
    assert refused(path)[1] == "no_class_folder"


def test_splits_without_classes(tmp_path: Path) -> None:
    files = class_folders(IMAGES, LABELS, ["train", "test"])
    assert refused(zipped(tmp_path / "a.zip", files))[1] == "no_class_folder"


def test_other_files_among_the_images(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", folders(**{"ant/labels.csv": b"a,b"}))
    assert refused(path) == ("ant/labels.csv", "no_image")


@pytest.mark.parametrize(
    ("arrays", "place", "code"),
    [
        ({"images": IMAGES}, "labels", "missing"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES}, "y_test", "missing"),
        ({"a": IMAGES}, "archive", "no_arrays"),
        ({"images": IMAGES, "labels": LABELS, "more": LABELS}, "more", "unknown_array"),
        ({"images": IMAGES / 255, "labels": LABELS}, "images", "array_type"),
        ({"images": IMAGES[:, 0, 0], "labels": LABELS}, "images", "array_shape"),
        ({"images": IMAGES[..., :2], "labels": LABELS}, "images", "array_shape"),
        ({"images": IMAGES[:, :3, :3], "labels": LABELS}, "images[0]", "image_size"),
        ({"images": IMAGES, "labels": LABELS[1:]}, "images", "length"),
        ({"images": IMAGES, "labels": LABELS / 2}, "labels", "array_type"),
        ({"images": IMAGES, "labels": LABELS - 1}, "labels", "labels"),
        ({"images": IMAGES, "labels": LABELS * 2}, "labels", "too_few_images"),
        ({"images": IMAGES, "labels": LABELS * 0}, "labels", "n_classes"),
        ({"images": IMAGES, "labels": LABELS * 10**12}, "labels", "n_classes"),
        ({"images": IMAGES, "labels": LABELS.astype(np.uint64) + 2**63}, "labels", "labels"),
        ({"images": IMAGES, "labels": np.eye(24)}, "labels", "array_type"),
        ({"images": IMAGES[2:], "labels": LABELS[2:]}, "", ""),
        ({"images": IMAGES[3:], "labels": LABELS[3:]}, "labels", "too_few_images"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "images", "array_shape"),
        ({"images": IMAGES * 0, "labels": LABELS}, "archive", "constant_pixels"),
        ({"images": np.asfortranarray(IMAGES), "labels": LABELS}, "images", "array_order"),
        ({"images": IMAGES, "labels": LABELS, "class_names": [1, 2]}, "class_names", "array_type"),
        ({"images": IMAGES, "labels": LABELS, "class_names": ["a"]}, "labels", "labels"),
        (
            {"images": IMAGES, "labels": LABELS, "class_names": ["a", "a"]},
            "class_names",
            "class_names",
        ),
    ],
)
def test_arrays_that_are_not_as_they_should_be(
    tmp_path: Path, arrays: dict[str, Any], place: str, code: str
) -> None:
    path = npz(tmp_path / "a.npz", **arrays)
    if code:
        assert refused(path) == (place, code)
    else:
        convert(path, tmp_path, Options())


class Malice:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("pickle-was-loaded",)


def test_a_pickle_is_never_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    malice = np.array([Malice()] * 24, dtype=object)
    path = npz(tmp_path / "a.npz", images=IMAGES, labels=malice)
    assert refused(path) == ("labels", "pickled")
    assert not (tmp_path / "pickle-was-loaded").exists()


def test_an_array_that_promises_more_than_is_there(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, IMAGES)
    cut = file.getvalue()[:-10]
    labels = io.BytesIO()
    np.save(labels, LABELS)
    files = {"images.npy": cut, "labels.npy": labels.getvalue()}
    assert refused(zipped(tmp_path / "a.npz", files)) == ("images", "damaged")
    files["images.npy"] = file.getvalue() + b"x"
    assert refused(zipped(tmp_path / "a.npz", files)) == ("images", "damaged")
    huge = file.getvalue().replace(b"(24, 8, 8, 3)", b"(24,8,8,3**9)")
    files["images.npy"] = huge
    assert refused(zipped(tmp_path / "a.npz", files))[1] == "damaged"


def test_more_pixels_than_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    monkeypatch.setattr(collected, "MOST_PIXEL_BYTES", IMAGES.nbytes - 1)
    assert refused(path)[1] == "too_many_images"


@pytest.mark.parametrize(
    ("frame", "place", "code"),
    [
        ({"img": [{"bytes": None, "path": "/etc/passwd"}], "label": [0]}, "file[0]", "no_image"),
        ({"img": [{"bytes": b"x", "path": None}], "label": [0]}, "file[0]", "no_image"),
        ({"img": [None], "label": [0]}, "file", "columns"),
        ({"img": ["a.png"], "label": [0]}, "file", "columns"),
        ({"img": [{"bytes": b"x", "path": None}], "label": ["ant"]}, "file", "columns"),
        ({"picture": [{"bytes": b"x", "path": None}], "label": [0]}, "file", "columns"),
    ],
)
def test_tables_that_are_not_as_they_should_be(
    tmp_path: Path, frame: dict[str, Any], place: str, code: str
) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame(frame).to_parquet(path)
    assert refused(path) == (place, code)


def test_a_damaged_table(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", IMAGES, LABELS)
    content = path.read_bytes()
    path.write_bytes(content[:200] + content[400:])
    assert refused(path)[1] == "no_table"
    path.write_bytes(b"PAR1" + bytes(100))
    assert refused(path)[1] == "no_table"


def test_a_table_that_repeats_one_image_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dictionary makes a million rows of one image a small file."""
    image = {"bytes": encoded(IMAGES[0]), "path": None}
    path = tmp_path / "a.parquet"
    pd.DataFrame({"img": [image] * 200_000, "label": 0}).to_parquet(path)
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr(collected, "MOST_PIXEL_BYTES", 1000 * IMAGES[0].nbytes)
    assert refused(path) == ("file[1000]", "too_many_images")
    monkeypatch.setattr("training.uploads.tables.MOST_IMAGES", 100_000)
    assert refused(path) == ("file", "too_many_images")


def test_tables_of_unknown_splits(tmp_path: Path) -> None:
    table = parquet(tmp_path / "a.parquet", IMAGES, LABELS).read_bytes()
    path = zipped(tmp_path / "a.zip", {"train.parquet": table, "more.parquet": table})
    assert refused(path) == ("more.parquet", "unknown_split")


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"\x89PNG\r\n\x1a\n", b"\x80\x04\x95"])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"  # whatever its name says
    path.write_bytes(content)
    assert refused(path) == ("file", "unknown_layout")


def test_the_process_that_reads_is_bounded(tmp_path: Path) -> None:
    code = (
        "import sys, training.uploads.__main__ as m;"
        "m.MOST_MEMORY_BYTES = 600 << 20;"
        "m.convert = lambda *a: bytes(1 << 30);"
        "m.main('a', 'b', {})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[4],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        check=True,
    )
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["code"] == "too_large"


def test_reading_loads_neither_torch_nor_what_only_workers_have() -> None:
    code = "import sys, training.uploads.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[4], capture_output=True, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.decode().split()}
    assert not loaded & {"torch", "sklearn", "pooch", "pandas", "sqlalchemy", "celery"}


def test_the_bounds_on_pictures_are_below_those_of_pillow() -> None:
    assert Image.MAX_IMAGE_PIXELS is not None
    assert pictures.MOST_PIXELS < Image.MAX_IMAGE_PIXELS
