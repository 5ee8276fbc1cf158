"""Starts the real service as a user would, and looks for what it leaves behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from worker.vitals import PARENT_VARIABLE

SERVER = str(Path(sys.executable).parent / "bitpareto-server")
QUICK = {"BITPARETO_LEASE_S": "4", "BITPARETO_HEARTBEAT_S": "1", "BITPARETO_SWEEP_S": "0.5"}
START_S = 120.0


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a service on a folder of its own, with short leases."""
    mine = {name: value for name, value in os.environ.items() if name != PARENT_VARIABLE}
    own = {"BITPARETO_DATA_FOLDER": str(folder), "BITPARETO_WEBHOOK_ALLOW": "127.0.0.1"}
    return {**mine, **QUICK, **own, "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Service:
    """A running ``bitpareto-server up``."""

    process: "subprocess.Popen[str]"
    url: str
    folder: Path

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal to the supervisor alone and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(60)

    def pids(self) -> dict[str, int]:
        """Return the process id of each child by its command line's last word."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return {child.cmdline()[-1]: child.pid for child in children}


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Service]:
    """Start ``up`` on a free port and wait for its ready line; never leaves a process."""
    process = subprocess.Popen(
        [SERVER, "up", "--port", "0", *arguments],
        env=environment(folder),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        line = lines.get(timeout=START_S)
        assert line.startswith("bitpareto is ready at http://127.0.0.1:"), line
        yield Service(process, line.split()[-1], folder)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for left in processes_of(folder):
            left.kill()
        reader.join(10)
        process.stdout.close()


def processes_of(folder: Path) -> list[psutil.Process]:
    """Return every process on the machine that works on a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.environ().get("BITPARETO_DATA_FOLDER") == str(folder)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _read(stream: Iterator[str], lines: "queue.Queue[str]") -> None:
    for line in stream:
        lines.put(line.strip())
