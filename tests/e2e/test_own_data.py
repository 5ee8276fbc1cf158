"""A search on an uploaded data set, by the real processes, by REST, SDK and command line."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import numpy as np
import pytest

from bitpareto import Client
from tests.e2e.service_process import started
from tests.e2e.test_main_job import SEARCH
from tests.uploads import digits, npz

pytestmark = pytest.mark.e2e

RECIPE = {"float_epochs": 8, "qat_epochs": 1, "max_accuracy_gap": 1.0}
LIMITS = {"max_trials": 2, "max_parallel": 2}


def bitpareto(url: str, *arguments: str) -> str:
    program = str(Path(sys.executable).parent / "bitpareto")
    done = subprocess.run(
        [program, *arguments, "--base-url", url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_uploaded_data_set_is_searched_on_to_a_front(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BITPARETO_CACHE_DIR", str(tmp_path / "cache"))
    images, labels = digits()
    file = npz(tmp_path / "scans.npz", images=images, labels=labels)
    more = {"recipe": RECIPE, "limits": LIMITS, "dataset": "scans"}
    with started(tmp_path / "server", "--train-workers", "1") as service:
        url = service.url
        path = f"{url}/v1/datasets?name=scans&test_fraction=0.2"
        by_rest = httpx.post(path, content=file.read_bytes(), timeout=60).raise_for_status().json()
        with Client(url) as client:
            assert client.datasets.upload(file, test_fraction=0.2).id == by_rest["id"]
            name = bitpareto(url, "data", "upload", str(file), "--test-fraction", "0.2").strip()
            assert name == "scans"
            first = httpx.post(f"{url}/v1/searches", json={**SEARCH, **more}).raise_for_status()
            search = client.searches.get(first.json()["id"]).wait(timeout=200)
            front = search.front()
            assert {point.trial.metrics["n_test"] for point in front} == {by_rest["n_test"]}
            assert front.best().accuracy > 0.5  # ten classes; it has learned from the images
            packed = front.best().artifact.download(tmp_path / "scans.bpar")
            trial = front.best().trial.id
            (tmp_path / "again.json").write_text(json.dumps({"name": "by the command line"}))
            again = bitpareto(url, "clone", search.id, str(tmp_path / "again.json")).strip()
            bitpareto(url, "watch", again, "--timeout", "200")
            assert json.loads(bitpareto(url, "front", again, "--json"))["points"]
        report = json.loads(bitpareto(url, "verify", str(packed), "--trial", trial, "--json"))
        assert report["status"] == "ok"
        assert report["accuracy"]["test"]["total"] == by_rest["n_test"]
        by_name = json.loads(bitpareto(url, "verify", str(packed), "--data", "scans", "--json"))
        assert by_name["accuracy"] == report["accuracy"]
        pulled = bitpareto(url, "data", "pull", "scans", "-o", str(tmp_path)).strip()
        copies = list((tmp_path / "cache" / "datasets").iterdir())
        assert [copy.name for copy in copies] == [f"{by_rest['sha256']}.safetensors"]
        assert copies[0].read_bytes() == Path(pulled).read_bytes()
        assert np.isfinite(report["accuracy"]["validation"]["accuracy"])
    offline = bitpareto("http://127.0.0.1:9", "verify", str(packed), "--data", pulled, "--json")
    assert json.loads(offline)["accuracy"] == report["accuracy"]
    exported = str(tmp_path / "scans.onnx")
    onnx = ("export", str(packed), "--format", "onnx", "-o", exported, "--check", pulled, "--json")
    assert json.loads(bitpareto("http://127.0.0.1:9", *onnx))["status"] == "ok"
