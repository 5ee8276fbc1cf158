"""``bitpareto-server doctor``: looks at everything the service needs and says what to fix."""

import argparse
import json
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from db.artifact_files import ArtifactFiles
from db.blobs import ArtifactStoreError
from db.engines import DatabaseUnusableError, without_password
from db.migrate import SchemaError, check_schema
from db.store import open_store
from jobs.broker import BrokerRefusedError, BrokerUnavailableError, BrokerUrlError, celery_client
from jobs.broker import queue_lengths as lengths_of
from search.errors import BitparetoError, StoreBusyError
from search.placement import GIB
from search.settings import Settings
from search.waiting import crew_at
from worker.capabilities import capabilities_of
from worker.gpus import NoSuchGpuError, gpus_here

Status = Literal["ok", "warning", "failed"]

_LOW_BYTES: Final = 2 * GIB
_NO_ROOM_BYTES: Final = GIB // 8
_SKEW_S: Final = 2.0
_MARKS: Final = {"ok": "ok     ", "warning": "WARNING", "failed": "FAILED "}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one thing; ``fix`` says what to do about it."""

    check: str
    status: Status
    message: str
    fix: str | None = None


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print a line for each finding; returns 0 when the service can work, else 1."""
    findings: list[Finding] = []
    for finding in examine(settings):
        findings.append(finding)
        if not arguments.json:
            sys.stdout.write(_line(finding))
            sys.stdout.flush()
    healthy = all(finding.status != "failed" for finding in findings)
    if arguments.json:
        found = {"ok": healthy, "findings": [asdict(finding) for finding in findings]}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if healthy else 1


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at one thing after the other; nothing is changed but probes that are removed again."""
    yield _versions()
    yield from _disk(settings)
    yield _database(settings)
    yield from _deployment(settings)
    yield _broker(settings)
    yield _files(settings)
    yield from _device()


def _line(finding: Finding) -> str:
    fix = f"\n{' ' * 20}fix: {finding.fix}" if finding.fix else ""
    return f"{_MARKS[finding.status]} {finding.check:<12}{finding.message}{fix}\n"


def _versions() -> Finding:
    found, missing = [f"Python {platform.python_version()}"], []
    for package in ("bitpareto-server", "torch", "ax-platform", "botorch", "celery", "sqlalchemy"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        fix = "none for a machine that runs the API alone; workers need `pip install .[worker]`"
        message = f"{', '.join(found)}; not installed: {', '.join(missing)}"
        return Finding(check="versions", status="warning", message=message, fix=fix)
    return Finding(check="versions", status="ok", message=", ".join(found))


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = {settings.data_dir}
    artifacts = urlsplit(settings.artifacts_url)
    if artifacts.scheme == "file":
        folders.add(Path(unquote(artifacts.path)))
    by_device: dict[int, Path] = {}
    for folder in sorted(folders):
        path = folder.absolute()
        there = next(each for each in (path, *path.parents) if each.exists())
        by_device.setdefault(there.stat().st_dev, there)
    for there in by_device.values():
        free = shutil.disk_usage(there).free
        message = f"{free / GIB:.1f} GiB free at {there}"
        if free >= _LOW_BYTES:
            yield Finding(check="disk", status="ok", message=message)
            continue
        status: Status = "failed" if free < _NO_ROOM_BYTES else "warning"
        fix = "free some, or see what `bitpareto-server gc --dry-run` would remove"
        yield Finding(check="disk", status=status, message=message, fix=fix)


def _database(settings: Settings) -> Finding:
    address = without_password(settings.database_url)
    try:
        check_schema(settings.database_url)
    except SchemaError as error:
        fix = "run `bitpareto-server migrate`" if error.is_older else "install the newer release"
        return Finding(check="database", status="failed", message=str(error), fix=fix)
    except DatabaseUnusableError as error:
        fix = "correct BITPARETO_DATABASE_URL, its password, or the rights of its folder"
        return Finding(check="database", status="failed", message=str(error), fix=fix)
    except StoreBusyError as error:
        fix = "start the database, or correct host and port in BITPARETO_DATABASE_URL"
        return Finding(check="database", status="failed", message=f"{address}: {error}", fix=fix)
    return Finding(check="database", status="ok", message=f"{address} has this release's schema")


def _deployment(settings: Settings) -> Iterator[Finding]:
    """Look at clocks and workers, as far as the database tells."""
    try:
        check_schema(settings.database_url)
        with closing(open_store(settings.database_url)) as store:
            now, here = store.now(), datetime.now(UTC)
            with store.read() as uow:
                crew = crew_at(uow, now, settings.lease_s)
    except BitparetoError:
        return  # said of the database already
    skew_s = (here - now).total_seconds()
    if abs(skew_s) > _SKEW_S:
        message = f"this machine's clock is {skew_s:+.1f} s beside the database's"
        fix = "run a time service such as chrony; leases go by the database's clock meanwhile"
        yield Finding(check="clock", status="warning", message=message, fix=fix)
    else:
        yield Finding(check="clock", status="ok", message=f"within {_SKEW_S:g} s of the database's")
    for kind in ("optimize", "train"):
        n = sum(worker.kind == kind for worker in crew.workers)
        message = f"{n} {kind} worker{'' if n == 1 else 's'} reporting"
        start = f"`bitpareto-server up`, or `bitpareto-server worker --queue {kind}`"
        status: Status = "ok" if n else "warning"
        yield Finding(check="workers", status=status, message=message, fix=None if n else start)


def _broker(settings: Settings) -> Finding:
    try:
        lengths = lengths_of(celery_client(settings))
    except BrokerUnavailableError as error:
        fix = "start the broker, or correct BITPARETO_BROKER_URL; nothing is lost meanwhile"
        return Finding(check="broker", status="failed", message=str(error), fix=fix)
    except (BrokerRefusedError, BrokerUrlError) as error:
        fix = "correct BITPARETO_BROKER_URL"
        return Finding(check="broker", status="failed", message=str(error), fix=fix)
    rings = ", ".join(f"{n} in {name}" for name, n in lengths.items())
    return Finding(check="broker", status="ok", message=f"answers; rings waiting: {rings}")


def _files(settings: Settings) -> Finding:
    try:
        ArtifactFiles(settings.artifacts_url).check()
    except ArtifactStoreError as error:
        fix = (
            "correct BITPARETO_ARTIFACTS_URL and AWS_…"
            if settings.artifacts_url.startswith("s3:")
            else "correct BITPARETO_ARTIFACTS_URL, or make its folder writable"
        )
        return Finding(check="files", status="failed", message=str(error), fix=fix)
    message = f"{settings.artifacts_url}: a probe was written, read and removed"
    return Finding(check="files", status="ok", message=message)


def _device() -> Iterator[Finding]:
    try:
        choose: Callable[[], str] = import_module("worker.device").choose_device
    except ImportError as error:
        message = f"torch cannot be loaded: {error}"
        fix = "none for a machine that runs the API alone; workers need `pip install .[worker]`"
        yield Finding(check="device", status="warning", message=message, fix=fix)
        return
    try:
        has = capabilities_of(choose())
        gpus = gpus_here()
    except (ValueError, NoSuchGpuError) as error:
        fix = "change BITPARETO_DEVICE, or repair the driver"
        yield Finding(check="device", status="failed", message=str(error), fix=fix)
        return
    free, total = has.free_memory_bytes / GIB, has.memory_bytes / GIB
    message = f"{has.device} {has.device_name}, {free:.1f} of {total:.1f} GiB free"
    if gpus and has.device == "cpu":
        names = ", ".join(gpu.name for gpu in gpus)
        fix = "install a CUDA build of torch, or set BITPARETO_DEVICE=auto"
        message = f"{message}; the driver shows {names}, which torch does not use"
        yield Finding(check="device", status="warning", message=message, fix=fix)
    else:
        yield Finding(check="device", status="ok", message=message)
