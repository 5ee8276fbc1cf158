"""Trials of a search, one trial with its layer table, and cancelling one."""

from collections.abc import Mapping
from functools import partial
from itertools import islice
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response, status
from fastapi.concurrency import run_in_threadpool

from api.deps import BellDep, NowDep, Parts, PartsDep, PrincipalDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, tagged_response
from api.mapping import device_fits, trial_to_wire
from api.pages import DEFAULT_LIMIT, CursorQuery
from api.request_keys import OnceDep
from api.sparse import FieldsQuery, page_response, parse_fields
from api.trial_exports import FORMATS, NDJSON, export_response
from api.trial_lists import (
    AskedTrials,
    FilterDep,
    FormatQuery,
    SortQuery,
    TrialFormat,
    TrialLimitQuery,
    all_trials,
    format_of,
    order_of,
    position_of,
    trial_cursor,
)
from api.waiting import Waiting, WaitingDep
from bitpareto.types import Page, Trial, TrialReplicate
from search.hardware import violations_by_profile
from search.store import Store
from search.use_cases.trials import cancel_one_trial, replicate_trial

router = APIRouter(tags=["trials"])


_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/v1/searches/{search_id}/trials",
    response_model=Page[Trial] | Page[dict[str, Any]],
    responses={
        200: {
            "description": "A page; or, as another type, all trials that the filters keep",
            "content": {
                NDJSON: {"schema": {"type": "string"}},
                **{form.media_type: _BINARY for form in FORMATS.values()},
            },
        },
        **problem_responses(404, 422, 503),
    },
    summary="List or export a search's trials",
)
async def list_trials(
    request: Request,
    search_id: str,
    parts: PartsDep,
    store: StoreDep,
    principal: PrincipalDep,
    kept: FilterDep,
    sort: SortQuery = "number",
    fields: FieldsQuery = None,
    limit: TrialLimitQuery = None,
    cursor: CursorQuery = None,
    format_: FormatQuery = None,
    accept: Annotated[str | None, Header()] = None,
) -> Response:
    """Return one page; trials in lists come without their layer table.

    A cursor goes on where its page ended, whatever the filters; it fits one order alone. `format`,
    or else `Accept`, asks for all trials at once as NDJSON, CSV or parquet, of one moment.
    """
    asked = AskedTrials(search_id, kept, sort, fields, limit, cursor)
    asked_format = format_ or format_of(accept)
    if asked_format != "json":
        return await run_in_threadpool(_export, parts, store, asked, asked_format)
    key = (principal.project_id, asked)
    page = partial(parts.trial_pages.read, key, partial(_page, parts, store, asked))

    async def again(headers: Mapping[bytes, bytes]) -> Response | None:
        accepted = headers.get(b"accept", b"").decode("latin-1")
        return await page() if (format_ or format_of(accepted)) == "json" else None

    response = await page()
    parts.polled.remember(request, again)
    return response


def _export(parts: Parts, store: Store, asked: AskedTrials, format_: TrialFormat) -> Response:
    """Return all trials that are asked for; to be called in a thread."""
    waiting = Waiting(parts, store, parts.store.now())
    after, paths = position_of(asked.sort, asked.cursor), parse_fields(asked.fields, Trial)
    with store.read() as uow:
        search = uow.searches.get(asked.search_id)
        found = all_trials(uow, search, asked.kept, asked.sort, after, waiting)
        items = (trial.model_dump(mode="json") for trial in islice(found, asked.limit))
        return export_response(items, paths, format_, asked.search_id)


def _page(parts: Parts, store: Store, asked: AskedTrials) -> Response:
    """Return one page; to be called in a thread."""
    waiting = Waiting(parts, store, parts.store.now())
    after, paths = position_of(asked.sort, asked.cursor), parse_fields(asked.fields, Trial)
    limit, order = asked.limit or DEFAULT_LIMIT, order_of(asked.sort)
    with store.read() as uow:
        search = uow.searches.get(asked.search_id)
        read = uow.trials.page(search.id, limit + 1, after, kept=asked.kept, order=order)
        shown = read[:limit]
        artifacts = uow.artifacts.of_trials([trial.id for trial in shown])
        data = [
            trial_to_wire(trial, artifacts.get(trial.id), waiting.of_trial(uow, trial, search))
            for trial in shown
        ]
    has_more = len(read) > limit
    return page_response(
        data,
        paths,
        trial_cursor(asked.sort, shown[-1]) if has_more else None,
    )


@router.get(
    "/v1/trials/{trial_id}",
    response_model=Trial,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read a trial",
)
def get(
    trial_id: str, store: StoreDep, waiting: WaitingDep, if_none_match: IfNoneMatch = None
) -> Response:
    """Return the trial with its layer table, each layer's exact costs, and where it runs."""
    with store.read() as uow:
        trial = uow.trials.get(trial_id)
        artifact = uow.artifacts.of_trials([trial_id]).get(trial_id)
        why = waiting.of_trial(uow, trial, uow.searches.get(trial.search_id))
        found = violations_by_profile(uow, trial.layers)
    shown = trial_to_wire(trial, artifact, why, with_layers=True)
    shown = shown.model_copy(update={"devices": device_fits(found)})
    return tagged_response(shown, if_none_match)


@router.post(
    "/v1/trials/{trial_id}:cancel",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(404, 503),
    summary="Cancel a trial",
)
def cancel(trial_id: str, store: StoreDep, bell: BellDep, now: NowDep) -> Trial:
    """Cancel one trial; its search goes on. A trial that has ended stays as it is.

    The worker of a running one stops at its next sign of life, and records nothing any more. It
    counts among the search's trials, and its candidate is not proposed again.
    """
    with store.begin() as uow:
        trial = cancel_one_trial(uow, trial_id, now)
        artifact = uow.artifacts.of_trials([trial_id]).get(trial_id)
    bell.advance(trial.search_id)
    return trial_to_wire(trial, artifact, with_layers=True)


@router.post(
    "/v1/trials/{trial_id}:replicate",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(400, 404, 408, 409, 413, 422, 503),
    summary="Train a trial's candidate once more",
)
def replicate(
    trial_id: str,
    store: StoreDep,
    bell: BellDep,
    now: NowDep,
    once: OnceDep,
    waiting: WaitingDep,
    response: Response,
    body: TrialReplicate | None = None,
) -> Trial:
    """Queue the same candidate with another seed; the optimizer learns how noisy accuracy is.

    The search's `max_trials` rises by one, and a search that has succeeded runs again for it. A
    front holds a candidate once, as its first completed trial; there `replicates` has the spread.
    """
    with store.begin() as uow:
        seed = body.seed if body else None
        train_again = partial(replicate_trial, uow, trial_id, seed, now)
        trial = once.run(uow, train_again, uow.trials.get)
        why = waiting.of_trial(uow, trial, uow.searches.get(trial.search_id))
    bell.train(trial.id)
    response.headers["Location"] = f"/v1/trials/{trial.id}"
    return trial_to_wire(trial, None, why, with_layers=True)
