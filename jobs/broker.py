"""The Celery client that senders and workers share, for the embedded transport and for Redis.

Results are not kept and remote control is off: the database says what happened. Loss of the broker
loses nothing, so every timeout is short and no send is retried here.
"""

from importlib import import_module
from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from jobs.messages import OPTIMIZE_QUEUE, QUEUES, RINGS
from search.errors import BitparetoError
from search.settings import Settings

_POLL_S: Final = 0.1
_CONNECT_S: Final = 2.0
_VISIBILITY_S: Final = 3600


class BrokerUrlError(BitparetoError, ValueError):
    """``BITPARETO_BROKER_URL`` names a broker this service does not speak to; change it."""


def celery_client(settings: Settings) -> Celery:
    """Make a Celery application that can send; a worker adds its tasks to it.

    Raises:
        BrokerUrlError: If the scheme is neither ``filesystem`` nor ``redis`` / ``rediss``.
    """
    app = Celery("bitpareto", set_as_current=False)
    app.conf.update(
        _connection(settings),
        task_queues=[_queue(name) for name in QUEUES],
        task_default_queue=OPTIMIZE_QUEUE,
        task_routes={ring.task: {"queue": ring.queue} for ring in RINGS},
        task_create_missing_queues=False,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_serializer="json",
        accept_content=["json"],
        task_publish_retry=False,
        # A ring is acknowledged after its work. If the worker dies, Redis delivers it again after
        # the visibility timeout, usually long after the sweeper did; if a trial takes longer than
        # that, it is delivered early. Both are harmless: a claim of a held trial answers None.
        task_acks_late=True,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        broker_connection_timeout=_CONNECT_S,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        timezone="UTC",
        enable_utc=True,
    )
    return app


class BrokerUnavailableError(BitparetoError):
    """The broker does not answer; the service waits for it."""


class BrokerRefusedError(BitparetoError):
    """The broker refuses our credentials; correct ``BITPARETO_BROKER_URL``."""


def queue_lengths(app: Celery) -> dict[str, int]:
    """Ask the broker once how many rings wait in each queue.

    Raises:
        BrokerUnavailableError: If it does not answer.
        BrokerRefusedError: If it refuses our credentials.
    """
    with app.connection_for_write() as connection:
        address = connection.as_uri()
        try:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=_CONNECT_S)
            channel = connection.default_channel
            return {name: channel.queue_declare(queue=name).message_count for name in QUEUES}
        except OSError as error:  # of the embedded broker: its folder
            raise BrokerUnavailableError(f"the broker {address}: {error}") from error
        except (OperationalError, *connection.connection_errors) as error:
            if _is_refusal(error):
                raise BrokerRefusedError(f"the broker {address} refuses us: {error}") from error
            raise BrokerUnavailableError(f"the broker {address}: {error}") from error


def _is_refusal(error: BaseException) -> bool:
    """Whether Redis knows who we claim to be and does not believe it."""
    known = import_module("redis.exceptions")
    refusals = (known.AuthenticationError, known.AuthenticationWrongNumberOfArgsError)
    while error.__cause__ is not None and not isinstance(error, refusals):
        error = error.__cause__
    return isinstance(error, refusals) or str(error).startswith(("NOAUTH", "WRONGPASS"))


def _queue(name: str) -> Queue:
    return Queue(name, Exchange(name, "direct"), name)  # type: ignore[no-untyped-call]  # kombu is untyped


def _connection(settings: Settings) -> dict[str, Any]:
    scheme = urlsplit(settings.broker_url).scheme
    if scheme == "filesystem":
        return {
            "broker_url": "filesystem://",
            "broker_transport": "jobs.folder_transport:Transport",
            "broker_transport_options": {
                "folder": str(settings.data_dir / "broker"),
                "polling_interval": _POLL_S,
            },
        }
    if scheme in {"redis", "rediss"}:
        return {
            "broker_url": settings.broker_url,
            "broker_transport_options": {
                "visibility_timeout": _VISIBILITY_S,
                "socket_connect_timeout": _CONNECT_S,
                "socket_keepalive": True,
            },
        }
    raise BrokerUrlError(
        f"BITPARETO_BROKER_URL has scheme {scheme!r}; allowed: filesystem://, redis://, rediss://"
    )
