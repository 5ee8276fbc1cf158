"""Every layout holds the same pixels, whoever wrote the file."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from search.errors import InvalidRequestError
from tests.uploads import class_folders, coloured, digits, encoded, npz, parquet, zipped
from training.datasets import Dataset, read_stored
from training.uploads.convert import DATA, SAMPLES, convert
from training.uploads.options import Options


def converted(path: Path, **options: Any) -> tuple[dict[str, Any], Dataset]:
    folder = path.parent / f"{path.name}-out"
    folder.mkdir()
    found = convert(path, folder, Options(**options))
    return found, read_stored(folder / DATA)


def everything(dataset: Dataset) -> list[bytes]:
    """The pixels of all images with their labels, in no order."""
    splits = (dataset.train, dataset.validation, dataset.test)
    return sorted(
        bytes([label]) + image.tobytes()
        for split in splits
        for image, label in zip(split.images, split.labels, strict=True)
    )


def test_the_layouts_of_the_same_images_are_the_same_data_set(tmp_path: Path) -> None:
    images, labels = digits()
    names = [str(label) for label in range(10)]
    files = class_folders(images, labels, names)
    written = {
        "npz": npz(tmp_path / "a.npz", images=images, labels=labels),
        "parquet": parquet(tmp_path / "b.parquet", images, labels),
        "folders": zipped(tmp_path / "c.zip", files),
    }
    found = {layout: converted(path) for layout, path in written.items()}
    assert {each[0]["layout"] for each in found.values()} == set(written)
    (sha256,) = {each[0]["sha256"] for each in found.values()}
    facts, dataset = found["npz"]
    content = (tmp_path / "a.npz-out" / DATA).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, facts["size_bytes"])
    assert everything(dataset) == sorted(
        bytes([label]) + image.tobytes() for image, label in zip(images, labels, strict=True)
    )
    pixels = dataset.train.images / 255
    np.testing.assert_allclose(facts["mean"], pixels.mean(axis=(0, 2, 3)), atol=1e-6)
    np.testing.assert_allclose(facts["std"], pixels.std(axis=(0, 2, 3)), atol=1e-6)
    assert (facts["n"], facts["dealt"], facts["split_seed"]) == (
        {"train": 1437, "validation": 180, "test": 180},
        ["validation", "test"],
        20_240_229,
    )
    for split in (dataset.train, dataset.validation, dataset.test):
        shares = np.bincount(split.labels) / len(split)
        np.testing.assert_allclose(shares, np.bincount(labels) / len(labels), atol=0.01)
    with Image.open(tmp_path / "a.npz-out" / SAMPLES) as sheet:
        assert sheet.size == (498, 498)


@pytest.mark.parametrize("arrange", ["NHWC", "NCHW"])
@pytest.mark.parametrize("words", [("x_{}", "y_{}"), ("{}_images", "{}_labels")])
def test_given_splits_of_arrays_stay(tmp_path: Path, arrange: str, words: tuple[str, str]) -> None:
    images, labels = coloured(16)
    sent = images if arrange == "NHWC" else images.transpose(0, 3, 1, 2)
    arrays = {}
    for i, split in enumerate(("train", "val", "test")):
        chosen = slice(None) if split == "train" else slice(i, None, 4)
        arrays[words[0].format(split)] = sent[chosen]
        arrays[words[1].format(split)] = labels[chosen].astype(np.uint8)[:, np.newaxis]
    arrays["class_names"] = np.array(["ant", "bee", "cat"])
    facts, dataset = converted(npz(tmp_path / "a.npz", **arrays))
    assert (facts["dealt"], facts["split_seed"]) == ([], None)
    assert facts["class_names"] == ["ant", "bee", "cat"]
    np.testing.assert_array_equal(dataset.train.images, images.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(dataset.test.images, images.transpose(0, 3, 1, 2)[2::4])
    np.testing.assert_array_equal(dataset.validation.labels, labels[1::4])


def test_files_and_folders_of_a_zip_say_their_splits(tmp_path: Path) -> None:
    images, labels = coloured(12)
    half = slice(0, None, 2), slice(1, None, 2)
    for i, part in enumerate(half):
        parquet(tmp_path / f"{i}.parquet", images[part], labels[part], "image")
    parquet(tmp_path / "2.parquet", images[:6], labels[:6], "image")
    tables = {
        "data/train-00000-of-00002.parquet": (tmp_path / "0.parquet").read_bytes(),
        "data/train-00001-of-00002.parquet": (tmp_path / "1.parquet").read_bytes(),
        "data/test-00000-of-00001.parquet": (tmp_path / "2.parquet").read_bytes(),
    }
    facts, dataset = converted(zipped(tmp_path / "tables.zip", tables))
    assert (facts["layout"], facts["dealt"]) == ("parquet", ["validation"])
    np.testing.assert_array_equal(dataset.test.images, images[:6].transpose(0, 3, 1, 2))
    names = ["ant", "bee", "cat"]
    files = class_folders(images, labels, names, "set/train/")
    files |= class_folders(images[:6], labels[:6], names, "set/test/")
    files["set/.DS_Store"] = b"what a file manager leaves"
    files["__MACOSX/set/train/ant/._00000.png"] = b"likewise"
    facts, dataset = converted(zipped(tmp_path / "folders.zip", files))
    assert (facts["layout"], facts["class_names"], facts["dealt"]) == (
        "folders",
        names,
        ["validation"],
    )
    np.testing.assert_array_equal(dataset.test.images, images[:6].transpose(0, 3, 1, 2))


def test_names_that_the_library_datasets_leaves_are_kept(tmp_path: Path) -> None:
    images, labels = coloured(12)
    table = pq.read_table(parquet(tmp_path / "a.parquet", images, labels))
    features = {"label": {"names": ["ant", "bee", "cat"], "_type": "ClassLabel"}}
    said = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    pq.write_table(table.replace_schema_metadata(said), tmp_path / "b.parquet")
    assert converted(tmp_path / "b.parquet")[0]["class_names"] == ["ant", "bee", "cat"]
    pq.write_table(table.replace_schema_metadata({b"huggingface": b"{"}), tmp_path / "c.parquet")
    assert converted(tmp_path / "c.parquet")[0]["class_names"] == ["0", "1", "2"]


def test_a_stated_size_is_reached_by_scaling_to_cover(tmp_path: Path) -> None:
    images, labels = coloured(12)
    files = class_folders(images, labels, ["ant", "bee", "cat"])
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, 10:30] = 200
    files["ant/wide.png"] = encoded(wide)
    path = zipped(tmp_path / "a.zip", files)
    with pytest.raises(InvalidRequestError, match="state a size with resize"):
        converted(path)
    facts, dataset = converted(zipped(tmp_path / "b.zip", files), height=10, width=10)
    assert facts["input_shape"] == [3, 10, 10]
    splits = (dataset.train, dataset.validation, dataset.test)
    every = np.concatenate([split.images for split in splits])
    assert ((every == 200).mean(axis=(1, 2, 3)) > 0.7).sum() == 1


def test_grey_palette_and_opaque_images_are_read_as_what_they_show(tmp_path: Path) -> None:
    images, labels = coloured(12, 2)
    files = class_folders(images, labels, ["ant", "bee"])
    opaque = np.dstack([images[0], np.full((8, 8), 255, np.uint8)])
    palette = Image.fromarray(images[1]).quantize(256)
    file = io.BytesIO()
    palette.save(file, "PNG")
    files["ant/00000.png"] = encoded(opaque)
    files["ant/00001.png"] = file.getvalue()
    files["bee/grey.png"] = encoded(np.full((8, 8), 77, np.uint8))
    _, dataset = converted(zipped(tmp_path / "a.zip", files))
    seen = everything(dataset)
    assert b"\0" + images[0].transpose(2, 0, 1).tobytes() in seen
    assert b"\1" + bytes([77]) * 192 in seen
    shown = np.asarray(palette.convert("RGB")).transpose(2, 0, 1).tobytes()
    assert b"\0" + shown in seen


def test_jpeg_is_read_as_pillow_reads_it(tmp_path: Path) -> None:
    images, labels = coloured(12, 2)
    jpegs = [encoded(image, "JPEG", quality=95) for image in images]
    rows = pa.array(
        [{"bytes": jpeg, "path": None} for jpeg in jpegs],
        pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    )
    pq.write_table(pa.table({"image": rows, "label": labels}), tmp_path / "a.parquet")
    _, dataset = converted(tmp_path / "a.parquet")
    expected = sorted(
        bytes([label]) + np.asarray(Image.open(io.BytesIO(jpeg))).transpose(2, 0, 1).tobytes()
        for jpeg, label in zip(jpegs, labels, strict=True)
    )
    assert everything(dataset) == expected


def test_the_seed_and_the_shares_of_dealt_splits_are_the_users(tmp_path: Path) -> None:
    images, labels = digits()
    path = npz(tmp_path / "a.npz", images=images, labels=labels)
    again = npz(tmp_path / "b.npz", images=images, labels=labels)
    other = npz(tmp_path / "c.npz", images=images, labels=labels)
    first = converted(path, test_fraction=0.25, split_seed=5)[0]
    assert first["n"] == {"train": 1168, "validation": 180, "test": 449}
    assert converted(again, test_fraction=0.25, split_seed=5)[0] == first
    assert converted(other, test_fraction=0.25, split_seed=6)[0]["sha256"] != first["sha256"]
