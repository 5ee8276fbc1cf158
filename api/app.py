"""Puts the REST service together; ``uvicorn --factory api.app:create_app_from_environment``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.access_control import AccessControl, operation_id, operations_of
from api.dataset_reader import DatasetReader
from api.deps import Parts
from api.errors import install_error_handlers, internal_error_response
from api.event_hub import EventHub
from api.export_cache import ExportCache
from api.front_cache import FrontCache
from api.grouped_reads import GroupedReads
from api.metrics import RequestMetrics, metrics_registry
from api.model_converter import ModelConverter
from api.openapi import describe
from api.polled_reads import PolledAnswers, PolledReads
from api.rate_limits import RateLimits
from api.request_bodies import BodyLimit
from api.request_ids import RequestContext
from api.routes import (
    access,
    artifacts,
    audit,
    datasets,
    events,
    explanations,
    exports,
    fronts,
    hardware_profiles,
    history,
    lineage,
    logs,
    meta,
    metrics,
    models,
    searches,
    sessions,
    spaces,
    trials,
    webhooks,
    workers,
)
from api.static import install_dashboard
from db.artifact_files import ArtifactFiles
from db.migrate import check_schema
from db.store import open_store
from exports.formats import export
from jobs.bell import CeleryBell
from jobs.broker import celery_client
from search.addresses import resolve
from search.settings import Settings, settings_from_environment
from search.use_cases.webhooks import check_url

_ROUTES: Final = (
    fronts,  # asked for most often, and found in this order
    access,
    searches,
    trials,
    history,
    explanations,
    lineage,
    logs,
    events,
    artifacts,
    exports,
    models,
    datasets,
    hardware_profiles,
    spaces,
    meta,
    metrics,
    workers,
    sessions,
    audit,
    webhooks,
)
_DESCRIPTION: Final = (
    "Tell it the data, the space and the budget; get back the Pareto front of quantized networks, "
    "each a file of exactly the size it claims. Every error is `application/problem+json`."
)


def create_app(settings: Settings, *, poll_s: float = 0.25, heartbeat_s: float = 15.0) -> FastAPI:
    """Make the application of a deployment.

    Args:
        settings: Where the parts are; the database must have been migrated.
        poll_s: Seconds between two looks of the event streams at the database.
        heartbeat_s: Longest silence of an event stream.
    """
    store = open_store(settings.database_url)
    broker = celery_client(settings)
    parts = Parts(
        store=store,
        bell=CeleryBell(broker),
        artifacts=ArtifactFiles(settings.artifacts_url),
        check_ready=partial(check_schema, settings.database_url),
        converter=ModelConverter(),
        datasets=DatasetReader(),
        exports=ExportCache(export),
        fronts=FrontCache(store, fronts.build_front),
        polled=PolledReads(),
        trial_pages=GroupedReads(),
        hub=EventHub(poll_s),
        metrics=metrics_registry(store),
        check_webhook_url=partial(check_url, allowed=settings.webhooks_allowed, resolve=resolve),
        lease_s=settings.lease_s,
        heartbeat_s=heartbeat_s,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        store.close()
        broker.close()

    app = FastAPI(
        title="bitpareto",
        description=_DESCRIPTION,
        version=meta.SERVER_VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url="/v1/openapi.json",
        docs_url=None,  # the built-in pages load scripts from other hosts
        redoc_url=None,
        generate_unique_id_function=operation_id,
    )
    app.state.parts = parts
    for routes in _ROUTES:
        app.include_router(routes.router)
    install_error_handlers(app)
    install_dashboard(app)
    app.add_middleware(PolledAnswers, polled=parts.polled)
    app.add_middleware(BodyLimit, max_dataset_bytes=settings.max_dataset_bytes)
    app.add_middleware(
        AccessControl,  # before a body is read
        store=store,
        operations=operations_of(
            route
            for routes in _ROUTES
            for route in routes.router.routes
            if isinstance(route, APIRoute)
        ),
        limits=RateLimits(settings.rate_limit),
        require_keys=settings.require_keys,
    )
    app.add_middleware(RequestMetrics, registry=parts.metrics)
    app.add_middleware(RequestContext, on_crash=internal_error_response)  # added last: outermost
    app.openapi = partial(describe, app)  # type: ignore[method-assign]  # FastAPI's way to extend
    return app


def create_app_from_environment() -> FastAPI:
    """Make the application that ``BITPARETO_*`` describes."""
    return create_app(settings_from_environment())
