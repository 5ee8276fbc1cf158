"""``bitpareto-server up``: the whole service as child processes on one data folder."""

import argparse
import http.client
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from db.migrate import upgrade
from search.settings import Settings
from worker.addresses import address_of, check_reachable_of, listen
from worker.child import Child
from worker.folder_lock import only_supervisor_of
from worker.gpus import choose_gpus, gpus_here
from worker.stop_signals import StopSignals
from worker.vitals import PARENT_VARIABLE

_WORKERS: Final = 2
_TICK_S: Final = 0.1
_STOP_S: Final = 10.0
_PROBE_S: Final = 1.0
_ONE_KEYSTROKE_S: Final = 1.0


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run the service until Ctrl-C or SIGTERM; returns the exit status.

    Raises:
        BitparetoError: If the address, the folder or the database does not allow it.
    """
    stop = StopSignals()
    with (
        only_supervisor_of(settings.data_dir),
        closing(listen(settings.host, settings.port)) as listener,
    ):
        upgrade(settings.database_url)
        check_reachable_of(settings)
        (settings.data_dir / "logs").mkdir(exist_ok=True)
        crew = train_crew(arguments.train_workers, arguments.gpus)
        children = make_children(settings, listener, crew)
        try:
            for child in children:
                child.start()
            problem = _watch(children, address_of(listener), stop)
        finally:
            _end(children, stop)
    if problem is not None:
        _say(f"bitpareto-server: {problem}")
        return 1
    _say("bitpareto has stopped")
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainWorker:
    """A train worker to start.

    Attributes:
        slot: Of its command line: which GPU it takes, if one.
        device: Of its environment: what it computes on, where that is not its own choice.
    """

    name: str
    slot: tuple[str, ...] = ()
    device: Mapping[str, str] = field(default_factory=dict)


def train_crew(n_workers: int | None, gpus: str | None) -> list[TrainWorker]:
    """Describe the train workers: one for each GPU asked for, and others.

    Raises:
        NoSuchGpuError: If a GPU is not there.
    """
    if gpus is None:
        return [TrainWorker(name=f"train-{k}") for k in range(1, (n_workers or _WORKERS) + 1)]
    crew = [
        TrainWorker(name=f"train-gpu{gpu.index}", slot=("--gpu", str(gpu.index)))
        for gpu in choose_gpus(gpus, gpus_here())
    ]
    # those beside them leave the GPUs alone
    on_cpu = {"BITPARETO_DEVICE": "cpu"}
    beside = [TrainWorker(name=f"train-{k}", device=on_cpu) for k in range(1, (n_workers or 0) + 1)]
    return crew + beside


def make_children(
    settings: Settings, listener: socket.socket, crew: Sequence[TrainWorker]
) -> tuple[Child, ...]:
    """Describe the API, the optimize worker, the train workers and the sweeper."""
    environment = child_environment(settings, listener)
    commands: dict[str, Sequence[str]] = {
        "api": ["api", "--fd", str(listener.fileno())],
        "sweeper": ["sweep"],
        "optimize": ["worker", "--queue", "optimize", "--name", "optimize"],
    }
    devices = {worker.name: worker.device for worker in crew}
    for worker in crew:
        commands[worker.name] = ["worker", "--queue", "train", "--name", worker.name, *worker.slot]
    # -P: a folder of the user's that is called like one of our packages must not come first
    start = [sys.executable, "-P", "-m", "worker.main"]
    return tuple(
        Child(
            name,
            [*start, *command],
            environment={**environment, **devices.get(name, {})},
            log=settings.data_dir / "logs" / f"{name}.log",
            inherits=[listener.fileno()] if name == "api" else [],
        )
        for name, command in commands.items()
    )


def child_environment(
    settings: Settings, listener: socket.socket, own: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Spell the settings out, so that children agree whatever the defaults are where they run."""
    return {
        **own,
        "BITPARETO_DATA_FOLDER": str(settings.data_dir),
        "BITPARETO_DATABASE_URL": settings.database_url,
        "BITPARETO_BROKER_URL": settings.broker_url,
        "BITPARETO_ARTIFACTS_URL": settings.artifacts_url,
        "BITPARETO_HOST": settings.host,
        "BITPARETO_PORT": str(listener.getsockname()[1]),
        "BITPARETO_LEASE_S": str(settings.lease_s),
        "BITPARETO_HEARTBEAT_S": str(settings.heartbeat_s),
        "BITPARETO_SWEEP_S": str(settings.sweep_s),
        PARENT_VARIABLE: str(os.getpid()),
    }


def _watch(children: Sequence[Child], address: str, stop: StopSignals) -> str | None:
    """Keep the children alive until a signal; returns what makes going on useless, if anything."""
    ready = False
    while not stop.received:
        for child in children:
            news = child.watch()
            if child.problem is not None:
                return child.problem
            if news is not None:
                _say(news)
        if not ready and _answers(address):
            ready = True
            _say(f"bitpareto is ready at {address}")
        stop.sleep(_TICK_S)
    return None


def _answers(address: str) -> bool:
    parts = urlsplit(address)
    with closing(
        http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_PROBE_S)
    ) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False


def _end(children: Sequence[Child], stop: StopSignals) -> None:
    """Ask every child to end, wait, then end the rest; whoever insists ends the wait."""
    for child in children:
        child.terminate()
    begun, signals_before = time.monotonic(), stop.received
    while not all(child.has_ended() for child in children):
        waited_s = time.monotonic() - begun
        if waited_s < _ONE_KEYSTROKE_S:
            # Ctrl-C under make arrives twice, from the terminal and from make
            signals_before = stop.received
        if waited_s >= _STOP_S or stop.received > signals_before:
            break
        time.sleep(_TICK_S)
    for child in children:
        if not child.has_ended():
            _say(f"{child.name} did not end by itself and is killed")
        child.kill()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
