import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from search.settings import Settings, settings_from_environment
from worker import child as child_module
from worker.addresses import AddressError, address_of, listen
from worker.child import Child
from worker.folder_lock import FolderInUseError, only_supervisor_of
from worker.supervisor import child_environment, make_children, train_crew
from worker.vitals import PARENT_VARIABLE


def test_a_port_in_use_is_refused_and_a_free_one_found() -> None:
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"http://127.0.0.1:{port}"
        with pytest.raises(AddressError, match=f"port {port} .* in use"):
            listen("127.0.0.1", port)
        socket.create_connection(("127.0.0.1", port)).close()
    listen("127.0.0.1", port).close()


def test_a_folder_has_one_supervisor_until_that_one_ends(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with (
        only_supervisor_of(folder),
        pytest.raises(FolderInUseError, match=f"pid {os.getpid()}"),
        only_supervisor_of(folder),
    ):
        pass
    with only_supervisor_of(folder):
        pass


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Child]:
    monkeypatch.setattr(child_module, "_FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(child_module, "_LONGEST_PAUSE_S", 0.1)

    def make_child(program: str) -> Child:
        return Child(
            "example",
            [sys.executable, "-S", "-c", program],
            environment={},
            log=tmp_path / "example.log",
        )

    return make_child


def watch_until(child: Child, done: Callable[[], bool]) -> list[str]:
    news = []
    deadline = time.monotonic() + 30
    while not done() and time.monotonic() < deadline:
        if (line := child.watch()) is not None:
            news.append(line)
        time.sleep(0.01)
    assert done()
    return news


def test_a_killed_child_is_started_again_however_often(make: Callable[[str], Child]) -> None:
    child = make("import time; time.sleep(60)")
    child.start()
    for _ in range(8):
        pid = child.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        watch_until(child, lambda before=pid: child.pid not in (before, None))  # type: ignore[misc]
    assert child.problem is None
    child.kill()
    assert child.has_ended()


def test_a_child_that_keeps_failing_is_given_up_with_the_end_of_its_log(
    make: Callable[[str], Child],
) -> None:
    child = make("import sys; sys.exit('the disk is on fire')")
    child.start()
    news = watch_until(child, lambda: child.problem is not None)
    assert len(news) == 5
    assert "status 1" in news[0]
    assert "ended 5 times" in str(child.problem)
    assert "the disk is on fire" in str(child.problem)


def test_a_wrong_configuration_is_not_tried_twice(make: Callable[[str], Child]) -> None:
    child = make(f"import sys; print('no such device'); sys.exit({os.EX_CONFIG})")
    child.start()
    assert len(watch_until(child, lambda: child.problem is not None)) == 1
    assert "no such device" in str(child.problem)


def test_children_get_every_setting_spelled_out(tmp_path: Path) -> None:
    settings = settings_from_environment(
        {"BITPARETO_DATA_FOLDER": str(tmp_path), "BITPARETO_LEASE_S": "7", "BITPARETO_PORT": "0"}
    )
    with closing(listen("127.0.0.1", 0)) as listener:
        environment = child_environment(settings, listener, {"PATH": "/bin"})
        port = listener.getsockname()[1]
        children = make_children(settings, listener, train_crew(3, None))
    read: Settings = settings_from_environment(environment)
    assert (read.lease_s, read.data_dir, read.port) == (7.0, settings.data_dir, port)
    assert read.database_url == settings.database_url
    assert environment["PATH"] == "/bin"
    assert environment[PARENT_VARIABLE] == str(os.getpid())
    names = [child.name for child in children]
    assert names == ["api", "sweeper", "optimize", "train-1", "train-2", "train-3"]


def test_a_process_ends_soon_after_its_parent(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', "
        '"import time; from worker.vitals import end_with_parent; '
        "end_with_parent(); print('watching', flush=True); time.sleep(60)\"], "
        f"env={{**os.environ, {PARENT_VARIABLE!r}: str(os.getpid())}}, "
        "stdout=subprocess.PIPE, start_new_session=True)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs([child], timeout=20)
    assert not alive
