"""Structured logs: one JSON object per line, with the ids of what the process is working on."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

from typing_extensions import override

from search.log_ids import present_ids

_QUIET: Final = (
    "alembic",
    "ax",
    "botorch",
    "celery.app.trace",
    "celery.worker.strategy",
    "httpx",
    "kombu",
    "torch",
    "uvicorn.access",
)


class JsonLines(logging.Formatter):
    """Formats a record as ``{"time", "level", "process", "logger", "message", ids…}``."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
            **present_ids(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(process: str) -> None:
    """Send everything from level info on to standard error, as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
