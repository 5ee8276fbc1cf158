"""Data sets from the SDK and the command line, against a real server."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from bitpareto import (
    AsyncClient,
    BitparetoError,
    Client,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from bitpareto._dataset_calls import name_of
from bitpareto.cli import main
from bitpareto.cli.data import BUILT_IN
from search.datasets import DATASETS
from tests.cutting_proxy import cutting_proxy
from tests.uploads import class_folders, coloured, npz
from training.datasets import read_stored

IMAGES, LABELS = coloured(40, 2)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return npz(tmp_path / "my insects.npz", images=IMAGES, labels=LABELS)


def test_upload_get_list_download_delete(client: Client, file: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    data = client.datasets.upload(
        file, test_fraction=0.25, on_progress=lambda sent, whole: told.append((sent, whole))
    )
    size = file.stat().st_size
    assert (told[0], told[-1]) == ((0, size), (size, size))
    assert (data.name, data.n_test, data.dealt_splits) == ("my-insects", 20, ["validation", "test"])
    assert client.datasets.get(data.name) == client.datasets.get(data.id) == data
    assert client.datasets.upload(file, name="other", test_fraction=0.25) == data
    assert [each.name for each in client.datasets.list(page_size=1)] == [data.name, *BUILT_IN]
    path = client.datasets.download(data.name, tmp_path)
    assert path == tmp_path / "my-insects.safetensors"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == data.sha256
    assert len(read_stored(path).test) == 20
    sheet = client.datasets.samples(data.id, tmp_path / "sheet.png")
    assert sheet.read_bytes().startswith(b"\x89PNG")
    search = client.searches.create(dataset=data.name, space={"family": "mobilenetv2"})
    assert (search.data.dataset, search.data.dataset_id) == (data.name, data.id)
    with pytest.raises(ConflictError, match=search.id):
        client.datasets.delete(data.name)
    search.cancel()
    client.datasets.delete(data.name)
    with pytest.raises(NotFoundError):
        client.datasets.delete(data.name)
    with pytest.raises(BitparetoError, match="comes with the server"):
        client.datasets.download("digits", tmp_path)
    assert {*BUILT_IN} == {*DATASETS}


def test_a_folder_is_sent_as_a_zip_of_its_classes(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "insects"
    for name, content in class_folders(IMAGES, LABELS, ["ant", "bee"]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / ".hidden").write_text("not an image")
    data = client.datasets.upload(folder)
    assert (data.name, data.layout, data.class_names) == ("insects", "folders", ["ant", "bee"])
    smaller = client.datasets.upload(folder, name="smaller", resize=(4, 6), channels=1)
    assert smaller.input_shape == (1, 4, 6)


def test_what_is_wrong_is_told_with_its_place(client: Client, tmp_path: Path) -> None:
    bad = npz(tmp_path / "bad.npz", images=IMAGES, labels=LABELS / 2)
    with pytest.raises(InvalidRequestError) as caught:
        client.datasets.upload(bad)
    assert [(e.pointer, e.code) for e in caught.value.errors] == [("labels", "array_type")]


def test_the_async_client_does_the_same(address: str, file: Path, tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncClient(address) as client:
            data = await client.datasets.upload(file)
            path = await client.datasets.download(data.id, tmp_path / "async.safetensors")
            assert hashlib.sha256(path.read_bytes()).hexdigest() == data.sha256
            names = [each.name async for each in client.datasets.list()]
            assert names == [data.name, *BUILT_IN]
            await client.datasets.delete(data.id)

    asyncio.run(run())


def test_uploads_and_downloads_survive_cut_connections(
    address: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpareto._retries.FIRST_DELAY_S", 0.01)
    with cutting_proxy(address, [0, 100]) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}", max_retries=5) as client:
            data = client.datasets.upload(file)
            assert next(each.id for each in client.datasets.list()) == data.id
        assert proxy.cuts == 2
    with cutting_proxy(address, [2000, 900, 3000]) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}", max_retries=5) as client:
            path = client.datasets.download(data.id, tmp_path / "cut.safetensors")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == data.sha256
        assert proxy.cuts == 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/My flowers (v2).zip", "My-flowers-v2"),
        ("x.tar.gz", "x.tar"),
        ("...npz", "data"),
        ("ü.npz", "data"),
        ("a" * 90, "a" * 64),
    ],
)
def test_names_come_from_files(path: str, name: str) -> None:
    assert name_of(Path(path)) == name


def test_the_command_line(
    address: str, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--base-url", address]

    def run(*arguments: str) -> str:
        assert main(["data", *arguments, *at]) == 0
        return capsys.readouterr().out

    assert run("upload", str(file), "--name", "bugs", "--split-seed", "3").strip() == "bugs"
    assert main(["data", "upload", str(file), "--name", "again", "--split-seed", "3", *at]) == 0
    said = capsys.readouterr()
    assert (said.out.strip(), "there already" in said.err) == ("bugs", True)
    told = json.loads(run("show", "bugs", "--json"))
    assert (told["name"], told["split_seed"]) == ("bugs", 3)
    shown = run("show", "bugs", "--samples", str(tmp_path / "bugs.png"))
    assert "validation, test; seed 3" in shown
    assert (tmp_path / "bugs.png").exists()
    assert [each["name"] for each in json.loads(run("ls", "--json"))] == ["bugs", *BUILT_IN]
    assert "comes with the server" in run("ls")
    pulled = Path(run("pull", "bugs", "-o", str(tmp_path)).strip())
    assert pulled.stat().st_size == told["size_bytes"]
    assert json.loads(run("rm", "bugs", "--json")) == {"deleted": "bugs"}
    assert main(["data", "rm", "bugs", *at]) == 4
    assert main(["data", "upload", str(tmp_path / "none.npz"), *at]) == 2
    file.write_bytes(b"nothing")
    assert main(["data", "upload", str(file), *at]) == 2
    assert "unknown_layout" not in capsys.readouterr().out
