"""The smaller commands: ``migrate``, ``api`` and ``train``."""

import argparse
import gc
import socket
import sys
from functools import partial

import uvicorn

from db.migrate import check_schema, upgrade
from search.settings import Settings
from worker.addresses import check_reachable_of, listen
from worker.logs import configure_logging
from worker.patience import patiently
from worker.vitals import end_with_parent

_SHUTDOWN_S = 3


def migrate(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Create the schema, or bring it up to date."""
    upgrade(settings.database_url)
    sys.stdout.write("the database has the newest schema\n")
    return 0


def api(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve the REST API and the dashboard, on an inherited socket or on ``settings``' address."""
    configure_logging("api")
    end_with_parent()
    patiently(partial(check_schema, settings.database_url))
    # whoever hands over a socket has checked its address
    if arguments.fd is None:
        check_reachable_of(settings)
        listener = listen(settings.host, settings.port)
    else:
        listener = socket.socket(fileno=arguments.fd)
    # the name alone: api and worker are neighbours that do not import each other
    config = uvicorn.Config(
        "api.app:create_app_from_environment",
        factory=True,
        log_config=None,
        access_log=False,  # RequestMetrics counts; a line per request would be the slowest part
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    config.load()
    gc.collect()
    gc.freeze()  # what is loaded stays; collections that walked it took a quarter of the time
    uvicorn.Server(config).run(sockets=[listener])
    return 0
