"""The main job from end to end: start the service, search, show the front, shut down.

Everything goes through the SDK over HTTP, as a user's program would.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml  # type: ignore[import-untyped]  # ships no types
from demo_plot import plot_front
from rich.console import Console
from rich.table import Table

from bitpareto import BitparetoError, Client, Front, FrontPoint
from bitpareto.types import Trial
from worker.folder_lock import LOCK_NAME, FolderInUseError, only_supervisor_of

ROOT = Path(__file__).resolve().parent.parent
DATASETS = ("digits", "fashion-mnist", "cifar10")
START_S = 90.0
STOP_S = 20.0
LOG_WIDTH = 140


def main() -> int:
    """Run the demo; returns the exit status."""
    arguments = _parse_arguments()
    declared = yaml.safe_load(
        (ROOT / f"scripts/demo_searches/{arguments.dataset}.yaml").read_text()
    )
    output = ROOT / "demo-output" / arguments.dataset
    folder = ROOT / "var" / f"demo-{arguments.dataset}"
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    try:
        with _service(folder, console) as address:
            _run(address, declared, output, folder, console)
    except KeyboardInterrupt:
        console.print("stopped; no process is left behind")
        return 130
    except (BitparetoError, FolderInUseError) as error:
        console.print(str(error), markup=False)
        return 1
    return 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("DATASET", "digits")
    parser.add_argument("--dataset", choices=DATASETS, default=default)
    return parser.parse_args()


def _as_ctrl_c(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _service(folder: Path, console: Console) -> Iterator[str]:
    """Run `bitpareto-server up` on a fresh folder and a free port; yields its address."""
    _empty(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "bitpareto-server"), "up"]
    command += ["--port", str(port), "--train-workers", "2", "--data-folder", str(folder)]
    address = f"http://127.0.0.1:{port}"
    # its own session: a Ctrl-C reaches the demo alone, which then stops the service in order
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)  # noqa: S603
    try:
        _wait_until_ready(process, address)
        console.print(f"dashboard: [link]{address}/[/link]")
        yield address
    finally:
        # an impatient second Ctrl-C must not leave half of the service behind
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        console.print("the service has shut down")


def _empty(folder: Path) -> None:
    """Forget an earlier demo, unless its service runs."""
    with only_supervisor_of(folder):
        for entry in folder.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != LOCK_NAME:
                entry.unlink()


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the service ended at once with status {process.returncode}")
        try:
            if httpx.get(f"{address}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit(f"the service did not answer within {START_S:g} s")


def _run(
    address: str, declared: dict[str, Any], output: Path, folder: Path, console: Console
) -> None:
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    started = time.monotonic()
    with Client(base_url=address) as client:
        search = client.searches.create(**declared)
        search = search.wait(progress=True)
        seconds = time.monotonic() - started
        front = search.front()
        trials = list(search.trials())
        paths = {
            point.trial.id: point.artifact.download(output / _file_name(point.trial))
            for point in front
        }
        completed = [trial for trial in trials if trial.state == "completed"]
        console.print(_front_table(front, paths))
        _print_float_comparison(front, completed, console)
        plot_front(front.data, completed, output / "front.png", title=declared["name"])
        (output / "front.json").write_text(front.data.model_dump_json(indent=2) + "\n")
        summary = {
            "search": search.id,
            "seconds": round(seconds, 1),
            "trials": len(trials),
            "completed": len(completed),
            "hypervolume": front.hypervolume,
        }
        (output / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        console.print(f"{len(completed)} of {len(trials)} trials completed in {seconds:.0f} s")
        console.print(f"picture: {_relative(output / 'front.png')}")
        console.print(f"dashboard: {search.url}, until this demo shuts the service down; later:")
        console.print(f"  .venv/bin/bitpareto-server up --data-folder {_relative(folder)}")


def _file_name(trial: Trial) -> str:
    return f"trial-{trial.number:03d}.bpar"


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _percent(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    if interval is None:
        return f"{value:.2%}"
    return f"{value:.2%} [dim]({interval[0]:.1%} to {interval[1]:.1%})[/dim]"


def _front_table(front: Front, paths: dict[str, Path]) -> Table:
    table = Table(title="Pareto front: every point is a file of exactly this size")
    for column in ("trial", "validation accuracy", "test accuracy", "size_bytes"):
        table.add_column(column, justify="right", no_wrap=True)
    for column in ("mean bits", "MACs"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("artifact", overflow="fold")
    for point in front.points:
        table.add_row(*_row(point, paths[point.trial.id]))
    return table


def _row(point: FrontPoint, path: Path) -> tuple[str, ...]:
    trial = point.trial
    return (
        str(trial.number),
        _percent(point.accuracy, point.accuracy_interval),
        _percent(point.test_accuracy, point.test_accuracy_interval),
        f"{trial.costs['size_bytes']:,}",
        f"{point.mean_weight_bits:.2f}",
        f"{trial.costs['macs']:,}",
        _relative(path),
    )


def _print_float_comparison(front: Front, completed: list[Trial], console: Console) -> None:
    if not completed:
        return
    best = max(completed, key=lambda trial: trial.metrics["float_accuracy"])
    accuracy, size = best.metrics["float_accuracy"], best.metrics["float_size_bytes"]
    console.print(
        f"best float network: trial {best.number}, {accuracy:.2%} at {size:,.0f} bytes "
        "(32-bit weights)"
    )
    for point in front.points:
        trial = point.trial
        share, loss = trial.costs["size_bytes"] / size, accuracy - trial.metrics["accuracy"]
        console.print(
            f"  trial {trial.number}: {share:.1%} of its size, "
            f"{abs(loss) * 100:.1f} points {'below' if loss >= 0 else 'above'} it"
        )


if __name__ == "__main__":
    sys.exit(main())
