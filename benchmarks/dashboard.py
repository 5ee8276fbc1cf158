"""The dashboard in a browser, on a search with 10,000 trials.

``python -m benchmarks.dashboard [--quick] [--seconds S] [--optuna-dashboard PROGRAM] [--output F]``

- ``first_paint_s``: from opening the search's page in a fresh context to its front on the screen,
  the median of five; ``chart_s`` until Plotly has drawn it, ``table_s`` until every trial is in the
  table. ``paint_ratio_vs_optuna_dashboard``: the first divided by the same of optuna-dashboard, on
  a study with the same trials, one round of each in turn; ``benchmarks.dashboard_peer`` says how to
  install it.
- ``interaction_ms``: from a key, a click or a move of the budget to the frame that shows it, the
  slowest median of the kinds; ``interaction_worst_ms`` is the slowest single one.
- ``updates_per_s`` of live progress for ``--seconds``: ``heap_growth_mib``, the JavaScript heap
  after a collection less that before, ``heap_growth_later_mib`` of the second half alone, and
  ``worst_gap_ms``, the longest time between frames.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.dashboard_peer import FRONT_ON_SCREEN, PAGE, copy_trials, peer_command
from benchmarks.machinery import machinery
from benchmarks.orchestration_growth import long_search
from benchmarks.report import ROOT, write_report
from db.store import open_store
from search.entities import Lease, Progress
from search.use_cases.leases import claim_trial
from search.use_cases.results import report_progress

ROUNDS: Final = 5
UPDATES_PER_S: Final = 60
_PATIENCE_S: Final = 120.0
_LEASE_S: Final = 3600.0
_SAMPLE_S: Final = 60.0
_OUR_FRONT: Final = (
    "() => !!document.querySelector('.front-sketch .point, .chart-plot .points path')"
)
_OUR_CHART: Final = "() => !!document.querySelector('.chart-plot .scatterlayer .points path')"
# from the event to the end of the frame that shows its effect
_TO_FRAME: Final = """async (kind) => {
  const acts = {
    budget: () => document.querySelector('.budget-handle').dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true })),
    sort: () => document.querySelectorAll('.trials .sort')[2].click(),
    select: () => document.querySelector('.trials .row-button').click(),
    brush: () => document.querySelector('.axis-handle').dispatchEvent(
      new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true })),
  };
  await new Promise(requestAnimationFrame);
  const began = performance.now();
  acts[kind]();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - began;
}"""
_WATCH_FRAMES: Final = """() => {
  window.worstGap = 0;
  let last = performance.now();
  const look = (now) => {
    window.worstGap = Math.max(window.worstGap, now - last);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

Run = dict[str, Any]


def main() -> int:
    """Measure; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1,000 trials, 10 s of updates")
    parser.add_argument("--seconds", type=float, help="of live updates [60]")
    parser.add_argument("--optuna-dashboard", metavar="PROGRAM", help="compare with it")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    n_trials = 1_000 if arguments.quick else 10_000
    seconds = arguments.seconds or (10.0 if arguments.quick else 60.0)
    with tempfile.TemporaryDirectory(prefix="bitpareto-bench-") as name, _browser() as browser:
        metrics, runs = _measure(browser, Path(name), n_trials, seconds, arguments.optuna_dashboard)
    write_report("dashboard", metrics, runs, arguments.output)
    return 0


@contextmanager
def _browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
    with sync_playwright() as playwright:
        executable = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


def _measure(
    browser: Browser, folder: Path, n_trials: int, seconds: float, peer: str | None
) -> tuple[dict[str, float], list[Run]]:
    url = f"sqlite:///{folder / 'bitpareto.db'}"
    with machinery(url, folder) as opened:
        next(long_search(opened, url, (n_trials,)))
    store = open_store(url)
    with store.read() as uow:
        (search_id,) = [search.id for search in uow.searches.page(1)]
    environment = {"BITPARETO_DATABASE_URL": url, "BITPARETO_DATA_FOLDER": str(folder)}
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "--log-level", "warning"]
    command += ["--port", str(port), "api.app:create_app_from_environment"]
    origin = f"http://127.0.0.1:{port}"
    address = f"{origin}/?search={search_id}"
    with _server(command, f"{origin}/healthz", environment):
        with _peer(peer, origin, search_id, folder) as peer_address:
            paints, peer_paints = _paints(browser, address, peer_address)
        charts = [_first_paint(browser, address, _OUR_CHART) for _ in range(ROUNDS)]
        context = browser.new_context(viewport={"width": 1360, "height": 900})
        page, began = context.new_page(), time.perf_counter()
        page.goto(address)
        _until(page, f"() => document.querySelector('.trials')?.ariaRowCount > {n_trials}")
        table_s = time.perf_counter() - began
        kinds = ("budget", "sort", "select", "brush")
        times = {kind: _interactions(page, kind) for kind in kinds}
        live = _live_updates(context, page, store, search_id, seconds)
    store.close()
    metrics = {
        "trials": float(n_trials),
        "first_paint_s": statistics.median(paints),
        "chart_s": statistics.median(charts),
        "table_s": table_s,
        "interaction_ms": max(statistics.median(found) for found in times.values()),
        "interaction_worst_ms": max(max(found) for found in times.values()),
        **live,
    }
    runs: list[Run] = [{"part": "first paint", "first_paint_s": paints, "chart_s": charts}]
    if peer_paints:
        ratios = [ours / theirs for ours, theirs in zip(paints, peer_paints, strict=True)]
        metrics["peer_first_paint_s"] = statistics.median(peer_paints)
        metrics["paint_ratio_vs_optuna_dashboard"] = statistics.median(ratios)
        runs.append({"part": "optuna-dashboard", "first_paint_s": peer_paints})
    runs += [{"part": "interaction", "kind": kind, "ms": found} for kind, found in times.items()]
    return metrics, runs


@contextmanager
def _peer(program: str | None, origin: str, search_id: str, folder: Path) -> Iterator[str | None]:
    """Serve a study with the search's trials; gives the address of its page."""
    if program is None:
        yield None
        return
    journal, port = copy_trials(origin, search_id, folder), _free_port()
    peer = f"http://127.0.0.1:{port}"
    # its first answer reads the journal, which a page that is opened later does not wait for
    with _server(peer_command(program, journal, port), f"{peer}/api/studies", {}):
        yield peer + PAGE


def _paints(browser: Browser, ours: str, peer: str | None) -> tuple[list[float], list[float]]:
    paints: list[float] = []
    peers: list[float] = []
    for _ in range(ROUNDS):
        paints.append(_first_paint(browser, ours, _OUR_FRONT))
        if peer is not None:
            peers.append(_first_paint(browser, peer, FRONT_ON_SCREEN))
    return paints, peers


def _first_paint(browser: Browser, address: str, is_painted: str) -> float:
    """Return the seconds to a picture in a context without a cache."""
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    _until(page, is_painted)
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def _interactions(page: Page, kind: str) -> list[float]:
    return [page.evaluate(_TO_FRAME, kind) for _ in range(12)]


def _live_updates(
    context: BrowserContext, page: Page, store: Any, search_id: str, seconds: float
) -> dict[str, float]:
    """Report progress of one trial many times a second; returns what that does to the page."""
    lease = _running_trial(store, search_id)
    session = context.new_cdp_session(page)
    stop = threading.Event()
    sent: list[int] = []
    writer = threading.Thread(target=_report, args=(store, lease, stop, sent))
    writer.start()
    page.wait_for_timeout(min(5_000.0, seconds * 250))  # the first updates warm the page up
    before, n_before = _heap_mib(session), len(sent)
    page.evaluate(_WATCH_FRAMES)
    began = time.perf_counter()
    samples: list[float] = []
    while (left := began + seconds - time.perf_counter()) > 0:
        page.wait_for_timeout(min(left, _SAMPLE_S) * 1_000)
        samples.append(_heap_mib(session))
    took = time.perf_counter() - began
    n_after, worst_gap = len(sent), page.evaluate("window.worstGap")
    after = samples[-1]
    stop.set()
    writer.join()
    return {
        "updates_per_s": (n_after - n_before) / took,
        "update_seconds": took,
        "heap_mib": after,
        "heap_growth_mib": after - before,
        "heap_growth_later_mib": after - samples[len(samples) // 2],
        "worst_gap_ms": worst_gap,
    }


def _heap_mib(session: Any) -> float:
    session.send("HeapProfiler.collectGarbage")
    usage: dict[str, float] = session.send("Runtime.getHeapUsage")
    return usage["usedSize"] / 2**20


def _running_trial(store: Any, search_id: str) -> Lease:
    with store.begin() as uow:
        trial_id = uow.trials.queued(search_id)[0].id
        claim = claim_trial(uow, trial_id, "worker-of-benchmark", datetime.now(UTC), _LEASE_S)
    if claim is None:
        raise RuntimeError(f"{trial_id} cannot be claimed")
    lease: Lease = claim.lease
    return lease


def _report(store: Any, lease: Lease, stop: threading.Event, sent: list[int]) -> None:
    due, n = time.perf_counter(), 0
    while not stop.is_set():
        n += 1
        progress = Progress(
            phase="float", epoch=n, n_epochs=10**6, train_loss=1.0, accuracy=n % 100 / 100
        )
        with store.begin() as uow:
            report_progress(uow, lease, progress, datetime.now(UTC))
        sent.append(n)
        due += 1 / UPDATES_PER_S
        time.sleep(max(0.0, due - time.perf_counter()))


@contextmanager
def _server(command: Sequence[str], ready: str, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})  # noqa: S603
    try:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                httpx.get(ready, timeout=5, follow_redirects=True).raise_for_status()
                break
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        yield
    finally:
        process.kill()  # asked to end, it would wait for the pages that follow its events
        process.wait()


def _until(page: Page, condition: str) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not page.evaluate(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        page.wait_for_timeout(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
