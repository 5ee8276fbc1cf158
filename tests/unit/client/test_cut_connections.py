"""The SDK over connections that break: nothing is lost, nothing comes twice, files are exact."""

import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from bitpareto import APIConnectionError, Client, ServerError, UploadInterruptedError
from bitpareto.cli import main
from bitpareto.cli.data import BUILT_IN
from search.entities import Limits
from tests.cutting_proxy import cutting_proxy
from tests.exported_programs import digits_program
from tests.served import Deployment, packed_file
from tests.service import new_search
from tests.unit.api.test_models import files_of
from tests.uploads import coloured, npz


@pytest.fixture(autouse=True)
def _short_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpareto._retries.FIRST_DELAY_S", 0.01)


def _one_result(deployment: Deployment) -> tuple[str, bytes]:
    search = new_search(deployment.store, limits=Limits(max_trials=1, max_parallel=1))
    claimed = deployment.claimed(search, 1)[0]
    deployment.complete(claimed, 0.9)
    deployment.finish(search.id)
    return search.id, packed_file(claimed)


@pytest.mark.parametrize("seed", range(5))
def test_a_download_goes_on_where_it_was_cut(
    address: str, deployment: Deployment, tmp_path: Path, seed: int
) -> None:
    search_id, content = _one_result(deployment)
    with Client(address) as direct:
        artifact = direct.searches.get(search_id).front().best().artifact
    draw = random.Random(seed)  # noqa: S311 - places of cuts
    # headers take some hundred bytes, so a part of the connections brings no content at all
    cuts = [draw.randrange(1, 800) for _ in range(4)]
    with cutting_proxy(address, cuts) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}", max_retries=10) as client:
            through = type(artifact)(client._transport, artifact.data)
            assert through.download(tmp_path / "net.bpar").read_bytes() == content
        assert proxy.cuts == 4


def test_a_download_that_never_gets_anywhere_fails_and_leaves_nothing(
    address: str, deployment: Deployment, tmp_path: Path
) -> None:
    search_id, _ = _one_result(deployment)
    with Client(address) as direct:
        artifact = direct.searches.get(search_id).front().best().artifact
    with cutting_proxy(address, [10] * 100) as proxy:
        with Client(f"http://127.0.0.1:{proxy.port}", max_retries=3) as client:
            through = type(artifact)(client._transport, artifact.data)
            with pytest.raises(APIConnectionError):
                through.download(tmp_path / "net.bpar")
        assert proxy.cuts == 4
    assert not (tmp_path / "net.bpar").exists()


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_goes_on_where_it_was_cut(address: str, deployment: Deployment, seed: int) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=12, max_parallel=12))
    claims = deployment.claimed(search, 12)
    draw = random.Random(seed)  # noqa: S311 - places of cuts
    cuts = [draw.randrange(500, 6000) for _ in range(6)]
    seen: list[int] = []
    with (
        cutting_proxy(address, cuts) as proxy,
        Client(f"http://127.0.0.1:{proxy.port}", max_retries=10) as client,
    ):
        handle = client.searches.get(search.id)
        reader = threading.Thread(target=lambda: seen.extend(e.id for e in handle.stream()))
        reader.start()
        for i, claimed in enumerate(claims):
            deployment.complete(claimed, 0.5 + i / 40)
        deployment.finish(search.id)
        reader.join(60)
        assert not reader.is_alive()
        assert proxy.cuts >= 3
    with deployment.store.read() as uow:
        assert seen == [event.id for event in uow.events.after(search.id, 0, 1000)]


def test_a_file_that_changes_in_the_middle_is_refused(
    address: str, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search_id, content = _one_result(deployment)
    with Client(address) as direct:
        artifact = direct.searches.get(search_id).front().best().artifact
    stored = next(path for path in (tmp_path / "server").rglob(artifact.sha256))
    monkeypatch.setattr("bitpareto._retries.FIRST_DELAY_S", 1.0)  # time to change the file
    with (
        cutting_proxy(address, [len(content) // 2 + 900]) as proxy,
        Client(f"http://127.0.0.1:{proxy.port}") as client,
        ThreadPoolExecutor() as beside,
    ):
        through = type(artifact)(client._transport, artifact.data)
        fetched = beside.submit(through.download, tmp_path / "net.bpar")
        deadline = time.monotonic() + 20
        while not proxy.cuts and time.monotonic() < deadline:
            time.sleep(0.001)
        stored.write_bytes(bytes(len(content)))
        with pytest.raises(ServerError):  # who notices before it sends a byte of it
            fetched.result()
    assert not (tmp_path / "net.bpar").exists()


@pytest.mark.parametrize("kind", ["datasets", "models"])
def test_an_upload_that_breaks_says_to_send_it_again_which_stores_it_once(
    address: str, deployment: Deployment, tmp_path: Path, kind: str
) -> None:
    images, labels = coloured(40, 2)
    path = npz(tmp_path / "insects.npz", images=images, labels=labels)
    if kind == "models":
        path = tmp_path / "mine.pt2"
        path.write_bytes(digits_program())
    before = files_of(deployment)
    middle = path.stat().st_size // 2
    with cutting_proxy(address, [middle] * 3, of_requests=True) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        with Client(url, max_retries=1) as client:
            uploads = getattr(client, kind)
            with pytest.raises(UploadInterruptedError, match="send it again") as caught:
                uploads.upload(path)
            assert caught.value.path == path
            assert proxy.cuts == 2
            assert files_of(deployment) == before
            kept = uploads.upload(path)  # after one more cut, which a retry of the SDK's own mends
        assert proxy.cuts == 3
    files = files_of(deployment)
    with (
        cutting_proxy(address, [0]) as proxy,  # the answer is lost, not the upload
        Client(f"http://127.0.0.1:{proxy.port}", max_retries=0) as client,
    ):
        uploads = getattr(client, kind)
        with pytest.raises(UploadInterruptedError):
            uploads.upload(path)
        assert uploads.upload(path) == kept
        assert [each.id for each in uploads.list() if each.id not in BUILT_IN] == [kept.id]
    assert files_of(deployment) == files


def test_the_command_line_says_it_too(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = coloured(40, 2)
    path = npz(tmp_path / "insects.npz", images=images, labels=labels)
    with cutting_proxy(address, [path.stat().st_size // 2] * 3, of_requests=True) as proxy:
        line = ["data", "upload", str(path), "--base-url", f"http://127.0.0.1:{proxy.port}"]
        assert main(line) == 3
        told = capsys.readouterr().err
        assert "insects.npz" in told
        assert "send it again" in told
        assert "Is the server up" not in told
        assert main(line) == 0


def test_an_upload_to_nobody_is_no_broken_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    path = npz(tmp_path / "insects.npz", images=coloured(4, 2)[0])
    with (
        Client(f"http://127.0.0.1:{port}", max_retries=0) as client,
        pytest.raises(APIConnectionError, match="no answer from") as caught,
    ):
        client.datasets.upload(path)
    assert not isinstance(caught.value, UploadInterruptedError)


def test_a_part_is_sent_only_of_the_file_that_was_begun(
    address: str, deployment: Deployment
) -> None:
    search_id, content = _one_result(deployment)
    with Client(address) as client:
        artifact = client.searches.get(search_id).front().best().artifact
    url = f"{address}{artifact.data.href}"
    for tag, status in ((f'"{artifact.sha256}"', 206), ('"another"', 200), (None, 206)):
        headers = {"Range": "bytes=10-"} | ({} if tag is None else {"If-Range": tag})
        answer = httpx.get(url, headers=headers)
        assert answer.status_code == status
        assert answer.content == (content[10:] if status == 206 else content)
