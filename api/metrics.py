"""What Prometheus may read: the deployment as the database has it, and this process's requests."""

import time
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from search.errors import StoreBusyError
from search.figures import Figures
from search.store import Store
from search.webhooks import WebhookFigures

_BUCKETS: Final = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_GAUGES: Final = {
    "oldest_queued_s": ("oldest_queued_seconds", "Age of the trial that waits longest."),
    "oldest_heartbeat_s": ("oldest_heartbeat_seconds", "Silence of the quietest worker."),
    "next_expiry_s": ("next_lease_expiry_seconds", "Until the first lease ends."),
    "artifact_bytes": ("artifact_bytes", "Of all packed files."),
}
_COUNTERS: Final = {
    "attempts": ("trial_attempts", "Times that trials were claimed."),
    "times_lost": ("trials_lost", "Times that a worker was lost with its trial."),
    "train_seconds": ("train_seconds", "Training time of completed trials."),
    "gpu_seconds": ("gpu_seconds", "Training time of completed trials on GPUs."),
    "front_joined": ("front_joined", "Times that trials joined fronts."),
    "front_left": ("front_left", "Times that trials left fronts."),
}


def metrics_registry(store: Store) -> CollectorRegistry:
    """Return what collects a process's metrics."""
    registry = CollectorRegistry()
    registry.register(DeploymentCollector(store))
    return registry


class DeploymentCollector(Collector):
    """Reads the database whenever it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("bitpareto_database_up", "1 where the database answers.")
        try:
            with self._store.read() as uow:
                now = self._store.now()
                figures, webhooks = uow.figures.at(now), uow.webhooks.figures(now)
        except StoreBusyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _families(figures)
        yield from _webhook_families(webhooks)


def _families(figures: Figures) -> Iterator[Metric]:
    by_label = (
        ("searches", "Searches by state.", "state", figures.searches),
        (
            "trials",
            "Trials by state; the queue is as deep as those queued.",
            "state",
            figures.trials,
        ),
        ("workers", "Processes that report, by queue.", "queue", figures.workers),
    )
    for name, text, label, counts in by_label:
        family = GaugeMetricFamily(f"bitpareto_{name}", text, labels=[label])
        for value, count in counts.items():
            family.add_metric([str(value)], count)
        yield family
    for field, (name, text) in _GAUGES.items():
        yield GaugeMetricFamily(f"bitpareto_{name}", text, value=getattr(figures, field))
    for field, (name, text) in _COUNTERS.items():
        yield CounterMetricFamily(f"bitpareto_{name}", text, value=getattr(figures, field))


def _webhook_families(figures: WebhookFigures) -> Iterator[Metric]:
    counted = {"enabled": figures.enabled, "disabled": figures.disabled}
    hooks = GaugeMetricFamily("bitpareto_webhooks", "Webhooks by state.", labels=["state"])
    for state, count in counted.items():
        hooks.add_metric([state], count)
    yield hooks
    text = "Deliveries of webhooks that are kept, by state; the backlog are those pending."
    sent = GaugeMetricFamily("bitpareto_webhook_deliveries", text, labels=["state"])
    for outcome, count in figures.deliveries.items():
        sent.add_metric([str(outcome)], count)
    yield sent
    yield GaugeMetricFamily(
        "bitpareto_webhook_oldest_pending_seconds",
        "Age of the delivery that waits longest.",
        value=figures.oldest_pending_s,
    )


class RequestMetrics:
    """ASGI middleware that counts and times requests by method, route and status."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        labels = ["method", "route", "status"]
        self._count = Counter(
            "bitpareto_http_requests", "Requests answered.", labels, registry=registry
        )
        self._seconds = Histogram(
            "bitpareto_http_request_seconds",
            "Time until the answer begins.",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._kept: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # a path that no route has is one label, whatever strangers ask for
                route = getattr(scope.get("route"), "path", "none")
                count, seconds = self._of(scope["method"], route, message["status"])
                count.inc()
                seconds.observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counted)

    def _of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return the metrics with these labels, which are looked up once."""
        found = self._kept.get((method, route, status))
        if found is None:
            found = self._kept[method, route, status] = (
                self._count.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        return found
