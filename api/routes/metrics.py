"""``/metrics``, in the text format of Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.deps import MetricsDep
from api.errors import problem_responses

router = APIRouter(tags=["server"])


@router.get(
    "/metrics",
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **problem_responses(),
    },
    response_class=Response,
    summary="Figures for Prometheus",
)
def metrics(registry: MetricsDep) -> Response:
    """Count searches, trials, workers, leases, attempts and requests; `docs/metrics.md` lists all.

    Where the database does not answer, `bitpareto_database_up` is 0 and the rest is left out.
    """
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
