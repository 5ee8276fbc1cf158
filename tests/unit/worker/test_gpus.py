"""One slot per GPU. The driver is a program of its own, so one on the path stands in for it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from search.placement import GIB
from worker.gpus import GpuBusyError, NoSuchGpuError, choose_gpus, gpus_here, take_gpu
from worker.main import main
from worker.supervisor import train_crew

TWO = "0, GPU-aaaa, NVIDIA A, 24576, 20000\n1, GPU-bbbb, NVIDIA B, 8192, 512\n"
Driver = Callable[..., None]


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driver:
    """Put an ``nvidia-smi`` on the path that prints what it is given."""

    def install(output: str, status: int = 0) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\ncat <<'EOF'\n{output}EOF\nexit {status}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        # locks of this test, not of this machine
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        monkeypatch.setenv("TMPDIR", str(tmp_path))

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return install


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has just started; other tests have loaded torch into this one."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)


def test_gpus_are_those_that_the_driver_shows(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver(TWO)
    first, second = gpus_here()
    assert (first.index, first.uuid, first.name) == (0, "GPU-aaaa", "NVIDIA A")
    assert (first.memory_bytes, second.free_memory_bytes) == (24 * GIB, GIB // 2)
    for visible in ("1", "GPU-bbbb"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert gpus_here() == [second]


def test_without_a_driver_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus_here() == []
    with pytest.raises(NoSuchGpuError, match="shows no GPU"):
        choose_gpus("all", [])


@pytest.mark.parametrize(
    ("output", "status", "said"),
    [("No devices were found\n", 6, "No devices"), ("0, GPU-a\n", 0, "unknown way")],
)
def test_a_driver_that_is_broken_is_named(
    driver: Driver, output: str, status: int, said: str
) -> None:
    driver(output, status)
    with pytest.raises(NoSuchGpuError, match=said):
        gpus_here()


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(driver: Driver) -> None:
    driver(TWO)
    with pytest.raises(NoSuchGpuError, match=r"no GPU '2'.*0 \(NVIDIA A\), 1 \(NVIDIA B\)"):
        choose_gpus("0,2", gpus_here())
    assert [gpu.index for gpu in choose_gpus("1,0,1", gpus_here())] == [1, 0]


@pytest.mark.usefixtures("no_torch")
def test_a_worker_takes_one_gpu_for_itself(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(TWO)
    for name in ("CUDA_VISIBLE_DEVICES", "BITPARETO_DEVICE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    with take_gpu(0):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-aaaa"
        assert os.environ["BITPARETO_DEVICE"] == "cuda"
        second = subprocess.run(
            [sys.executable, "-m", "worker.main", "worker", "--queue", "train", "--gpu", "0"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == os.EX_TEMPFAIL
        assert f"has a worker already (pid {os.getpid()})" in second.stderr
    take_gpu(0).close()  # the first one has ended


@pytest.mark.usefixtures("no_torch")
def test_a_gpu_without_room_is_refused(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    driver(TWO)
    with pytest.raises(GpuBusyError, match=r"GPU 1 .* has 0\.5 of 8\.0 GiB free, and 1\.0 are"):
        take_gpu(1)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    monkeypatch.setenv("BITPARETO_GPU_FREE_GIB", "0.4")
    for name in ("CUDA_VISIBLE_DEVICES", "BITPARETO_DEVICE"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    take_gpu(1).close()


def test_the_service_starts_a_worker_for_each_gpu(driver: Driver) -> None:
    driver(TWO)
    crew = train_crew(1, "all")
    assert [worker.name for worker in crew] == ["train-gpu0", "train-gpu1", "train-1"]
    assert crew[1].slot == ("--gpu", "1")
    assert [dict(worker.device) for worker in crew] == [{}, {}, {"BITPARETO_DEVICE": "cpu"}]
    assert len(train_crew(None, "all")) == 2
    assert [worker.name for worker in train_crew(None, None)] == ["train-1", "train-2"]


def test_a_wrong_gpu_ends_the_service_with_a_message(
    driver: Driver, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    driver(TWO)
    folder = tmp_path / "data"
    assert main(["up", "--port", "0", "--data-folder", str(folder), "--gpus", "7"]) == os.EX_CONFIG
    assert "no GPU '7' on this machine" in capsys.readouterr().err
