"""The processes of a deployment, started again when they die, as an orchestrator does."""

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from worker.vitals import PARENT_VARIABLE

TICK_S = 0.2
ROOT = Path(__file__).resolve().parents[2]


class Process:
    """One process of a deployment."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log
        self._process: subprocess.Popen[bytes] | None = None

    def ensure(self) -> None:
        """Start it unless it runs."""
        if self._process is None or self._process.poll() is not None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603
                    self._command, env=dict(self._environment), stdout=log, stderr=log, cwd=ROOT
                )

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Deployment:
    """API, sweeper, optimize worker and train workers that do not train.

    Args:
        folder: Data folder and logs.
        environment: ``BITPARETO_*`` all processes share.
        train: Per train worker what its environment has in addition, and what its command line
            begins with.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        train: Sequence[tuple[Mapping[str, str], Sequence[str]]],
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        mine = {name: value for name, value in os.environ.items() if name != PARENT_VARIABLE}
        self._shared = {**mine, **environment, "BITPARETO_DATA_FOLDER": str(folder)}
        self.log = folder / "processes.log"
        server = [sys.executable, "-m", "worker.main"]
        noop = [sys.executable, "-m", "benchmarks.chaos.noop_worker", "worker"]
        self.processes = {
            "api": self._process([*server, "api", "--port", str(port)]),
            "sweeper": self._process([*server, "sweep"]),
            "optimize": self._process([*noop, "--queue", "optimize"]),
        }
        for number, (own, before) in enumerate(train, 1):
            command = [*before, *noop, "--queue", "train", "--name", f"train-{number}"]
            self.processes[f"train-{number}"] = self._process(command, own)
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start every process and keep them alive."""
        migrate = [sys.executable, "-m", "worker.main", "migrate"]
        subprocess.run(  # noqa: S603
            migrate, env=self._shared, check=True, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        self._keeper.start()

    def kill(self, name: str) -> None:
        """Kill one process; it comes back."""
        self.processes[name].kill()

    def kill_all(self) -> None:
        """Kill every process at once, as a power cut does; they come back."""
        with self._lock:
            for process in self.processes.values():
                process.kill()

    def pick(self, kind: str, rng: random.Random) -> str:
        """Return the name of one of the processes of a kind."""
        return rng.choice([name for name in self.processes if name.startswith(kind)])

    def stop(self) -> None:
        """End everything for good."""
        self._over.set()
        self._keeper.join()
        for process in self.processes.values():
            process.kill()

    def _process(self, command: Sequence[str], own: Mapping[str, str] | None = None) -> Process:
        return Process(command, {**self._shared, **(own or {})}, self.log)

    def _keep(self) -> None:
        while not self._over.is_set():
            with self._lock:
                for process in self.processes.values():
                    process.ensure()
            time.sleep(TICK_S)
