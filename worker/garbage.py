"""Removing what nothing needs any more, as long ago as the settings say."""

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from db.artifact_files import ArtifactFiles, FileKind, StoredFile
from db.migrate import check_schema
from db.store import open_store
from search.settings import Settings
from search.store import Store, UnitOfWork
from worker.patience import patiently

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was removed, or would be.

    Attributes:
        files: Packed files and weights that no row refers to.
        checkpoints: Of trials that have ended.
        left_over: Files that killed processes left half written.
        file_bytes: All of these together.
        log_entries: Of trials that ended long ago.
        log_bytes: Of those entries.
        epochs: Reports of searches that ended long ago.
        sessions: Of browsers, that had expired.
        audit: Entries of the audit log.
        deliveries: Of webhooks, that had ended long ago.
    """

    files: int = 0
    checkpoints: int = 0
    left_over: int = 0
    file_bytes: int = 0
    log_entries: int = 0
    log_bytes: int = 0
    epochs: int = 0
    sessions: int = 0
    audit: int = 0
    deliveries: int = 0

    def __bool__(self) -> bool:
        """Whether there was anything."""
        return any(asdict(self).values())


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Remove garbage once, or say what would be removed; returns the exit status."""
    patiently(partial(check_schema, settings.database_url))
    store, files = open_store(settings.database_url), ArtifactFiles(settings.artifacts_url)
    removed = collect(store, files, settings, remove=not arguments.dry_run)
    store.close()
    if arguments.json:
        sys.stdout.write(f"{json.dumps({'dry_run': arguments.dry_run, **asdict(removed)})}\n")
        return 0
    verb = "would remove" if arguments.dry_run else "removed"
    sys.stdout.write(f"{verb} {describe(removed)}\n")
    return 0


def describe(removed: Removed) -> str:
    """Say it in a line."""
    return (
        f"{removed.files} unused files, {removed.checkpoints} checkpoints and "
        f"{removed.left_over} half-written files ({removed.file_bytes} bytes), "
        f"{removed.log_entries} log entries ({removed.log_bytes} bytes), {removed.epochs} epochs, "
        f"{removed.sessions} expired sessions, {removed.audit} entries of the audit log, "
        f"{removed.deliveries} deliveries of webhooks"
    )


def collect(store: Store, files: ArtifactFiles, settings: Settings, *, remove: bool) -> Removed:
    """Find what may go and remove it where asked to; doing it twice at once does no harm.

    A file goes when no row refers to it, or its trial has ended, and nobody has written it for
    ``settings.retention.files_s`` seconds: whoever stores a file refers to it soon after.

    Raises:
        ArtifactStoreUnavailableError: If the artifact store cannot be used.
        StoreBusyError: If the database did not answer.
    """
    now, keep = store.now(), settings.retention
    gone = _collect_files(store, files, now - timedelta(seconds=keep.files_s), remove=remove)
    logs, epochs, audit, deliveries = (0, 0), 0, 0, 0
    with store.begin() if remove else store.read() as uow:
        if keep.logs_s is not None:
            before = now - timedelta(seconds=keep.logs_s)
            logs = uow.leftovers.logs(before, remove=remove)
        if keep.epochs_s is not None:
            before = now - timedelta(seconds=keep.epochs_s)
            epochs = uow.leftovers.epochs(before, remove=remove)
        sessions = uow.leftovers.sessions(now, remove=remove)
        if keep.audit_s is not None:
            before = now - timedelta(seconds=keep.audit_s)
            audit = uow.leftovers.audit(before, remove=remove)
        if keep.deliveries_s is not None:
            before = now - timedelta(seconds=keep.deliveries_s)
            deliveries = uow.leftovers.deliveries(before, remove=remove)
    kinds = [file.kind for file in gone]
    return Removed(
        files=kinds.count(FileKind.CONTENT),
        checkpoints=kinds.count(FileKind.CHECKPOINT),
        left_over=kinds.count(FileKind.LEFT_OVER),
        file_bytes=sum(file.blob.size_bytes for file in gone),
        log_entries=logs[0],
        log_bytes=logs[1],
        epochs=epochs,
        sessions=sessions,
        audit=audit,
        deliveries=deliveries,
    )


def _collect_files(
    store: Store, files: ArtifactFiles, before: datetime, *, remove: bool
) -> list[StoredFile]:
    gone: list[StoredFile] = []
    old = [file for file in files.stored() if file.blob.modified_at <= before]
    for some in _parts(old):
        with store.read() as uow:
            unused = _unused(uow, some)
        gone += [file for file in unused if not remove or files.remove(file, before)]
    return gone


def _unused(uow: UnitOfWork, files: Sequence[StoredFile]) -> list[StoredFile]:
    needed = {
        FileKind.CONTENT: uow.leftovers.referenced(_keys(files, FileKind.CONTENT)),
        FileKind.CHECKPOINT: uow.leftovers.in_work(_keys(files, FileKind.CHECKPOINT)),
        FileKind.LEFT_OVER: set[str](),
    }
    return [file for file in files if file.key not in needed[file.kind]]


def _keys(files: Sequence[StoredFile], kind: FileKind) -> set[str]:
    return {file.key for file in files if file.kind == kind}


def _parts(files: Sequence[StoredFile]) -> Iterator[Sequence[StoredFile]]:
    for start in range(0, len(files), _AT_ONCE):
        yield files[start : start + _AT_ONCE]
