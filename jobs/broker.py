"""The Celery client that senders and workers share, for the embedded transport and for Redis.

Results are not kept and remote control is off: the database says what happened. Loss of the broker
loses nothing, so every timeout is short and no send is retried here.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from celery import Celery
from kombu.entity import Exchange, Queue

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
