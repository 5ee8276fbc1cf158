"""Every call of the API as a value: what to send and how to read the answer.

The sync and the async client send the same calls, so neither repeats the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from bitpareto.errors import APIResponseError
from bitpareto.sizes import with_sizes
from bitpareto.types import (
    Curves,
    EventType,
    Explanation,
    Front,
    HardwareProfile,
    HardwareProfiles,
    HypervolumeHistory,
    Lineage,
    Meta,
    Model,
    Page,
    Search,
    SpacePreview,
    Trial,
    Workers,
)
from bitpareto.types.base import FROM_A_SERVER
from bitpareto.types.trials import Attempts, LogPieces

T = TypeVar("T")

PAGE_LIMIT = 200
NO_FILTERS: Final[Mapping[str, Any]] = MappingProxyType({})
Param = str | int | float | bool | Sequence[str] | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One request.

    Attributes:
        file: A file whose content is the body, read piece by piece.
        on_sent: Told how many bytes of ``file`` have been sent; 0 where it begins anew.
        read_timeout_s: Longest wait for the answer, where the client's would be too short.
        content_type: Of ``body`` or ``file``.
        key: Sent as ``Idempotency-Key``, by which the server knows a call that comes again.
        headers: Further ones.
        idempotent: Sending it twice does the same as sending it once, so it may be retried.
        read: Turns the body of a success into the result.
    """

    method: str
    path: str
    read: Callable[[bytes], T]
    params: Mapping[str, Param] = field(default_factory=dict)
    body: bytes | None = None
    file: Path | None = None
    on_sent: Callable[[int], None] | None = None
    read_timeout_s: float | None = None
    content_type: str = "application/json"
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotent: bool = True


def new_key() -> str:
    """Return an ``Idempotency-Key`` that nobody has."""
    return str(uuid4())


def reader(type_: type[T]) -> Callable[[bytes], T]:
    """Return what reads an answer of a type, ignoring what a newer server adds."""
    adapter = TypeAdapter(type_)

    def read(body: bytes) -> T:
        try:
            return adapter.validate_json(body, extra="ignore", context=FROM_A_SERVER)
        except ValidationError as error:
            raise APIResponseError(f"not an answer of a bitpareto server: {error}") from error

    return read


_read_search = reader(Search)
_read_searches = reader(Page[Search])
_read_trial = reader(Trial)
_read_trials = reader(Page[Trial])
_read_rows = reader(Page[dict[str, Any]])
_read_front = reader(Front)
_read_attempts = reader(Attempts)
_read_log_pieces = reader(LogPieces)
_read_curves = reader(Curves)
_read_explanation = reader(Explanation)
_read_lineage = reader(Lineage)
_read_hypervolume = reader(HypervolumeHistory)
_read_meta = reader(Meta)
_read_model = reader(Model)
_read_models = reader(Page[Model])
_read_profile = reader(HardwareProfile)
_read_profiles = reader(HardwareProfiles)
_read_workers = reader(Workers)
_read_preview = reader(SpacePreview)


def given(**params: Param | None) -> dict[str, Param]:
    """Return the query parameters that have a value."""
    return {name: value for name, value in params.items() if value is not None}


def search_path(search_id: str) -> str:
    """Return the path of a search."""
    return f"/v1/searches/{quote(search_id, safe='')}"


def create_search(fields: Mapping[str, Any], key: str | None = None) -> Call[Search]:
    """Submit a search; the server checks the fields, so that it alone knows the rules."""
    body = TypeAdapter(dict[str, Any]).dump_json(with_sizes(fields))
    return Call(
        method="POST", path="/v1/searches", read=_read_search, body=body, key=key or new_key()
    )


def preview_space(fields: Mapping[str, Any]) -> Call[SpacePreview]:
    """Look at a space; nothing changes by it."""
    body = TypeAdapter(dict[str, Any]).dump_json(with_sizes(fields))
    return Call(method="POST", path="/v1/spaces:preview", read=_read_preview, body=body)


def get_search(search_id: str) -> Call[Search]:
    """Read a search."""
    return Call(method="GET", path=search_path(search_id), read=_read_search)


def list_searches(
    limit: int, cursor: str | None, filters: Mapping[str, Param | None] = NO_FILTERS
) -> Call[Page[Search]]:
    """Read one page of searches, newest first."""
    params = given(limit=limit, cursor=cursor, **filters)
    return Call(method="GET", path="/v1/searches", read=_read_searches, params=params)


def cancel_search(search_id: str) -> Call[Search]:
    """Cancel a search; doing it again changes nothing."""
    return Call(method="POST", path=f"{search_path(search_id)}:cancel", read=_read_search)


def pause_search(search_id: str) -> Call[Search]:
    """Pause a search; doing it again changes nothing."""
    return Call(method="POST", path=f"{search_path(search_id)}:pause", read=_read_search)


def resume_search(search_id: str) -> Call[Search]:
    """Resume a search; doing it again changes nothing."""
    return Call(method="POST", path=f"{search_path(search_id)}:resume", read=_read_search)


def extend_search(
    search_id: str, trials: int, wall_time_s: float, compute_s: float
) -> Call[Search]:
    """Raise a search's limits; each call raises them again."""
    more = {"trials": trials, "wall_time_s": wall_time_s, "compute_s": compute_s}
    body = TypeAdapter(dict[str, Any]).dump_json(more)
    path = f"{search_path(search_id)}:extend"
    return Call(method="POST", path=path, read=_read_search, body=body, key=new_key())


def clone_search(search_id: str, overrides: Mapping[str, Any]) -> Call[Search]:
    """Submit a search like another one."""
    body = TypeAdapter(dict[str, Any]).dump_json(with_sizes(overrides))
    path = f"{search_path(search_id)}:clone"
    return Call(method="POST", path=path, read=_read_search, body=body, key=new_key())


def list_trials(
    search_id: str,
    limit: int,
    cursor: str | None,
    filters: Mapping[str, Param | None] = NO_FILTERS,
) -> Call[Page[Trial]]:
    """Read one page of a search's trials."""
    params = given(limit=limit, cursor=cursor, **filters)
    path = f"{search_path(search_id)}/trials"
    return Call(method="GET", path=path, read=_read_trials, params=params)


def list_trial_rows(
    search_id: str,
    fields: Sequence[str],
    limit: int,
    cursor: str | None,
    filters: Mapping[str, Param | None] = NO_FILTERS,
) -> Call[Page[dict[str, Any]]]:
    """Read one page of a search's trials, some fields of each."""
    params = given(fields=",".join(fields), limit=limit, cursor=cursor, **filters)
    path = f"{search_path(search_id)}/trials"
    return Call(method="GET", path=path, read=_read_rows, params=params)


def export_trials(
    search_id: str, format_: str, filters: Mapping[str, Param | None] = NO_FILTERS
) -> Call[bytes]:
    """Read all of a search's trials as a file."""
    params = given(format=format_, **filters)
    path = f"{search_path(search_id)}/trials"
    return Call(method="GET", path=path, read=bytes, params=params)


def trial_path(trial_id: str) -> str:
    """Return the path of a trial."""
    return f"/v1/trials/{quote(trial_id, safe='')}"


def get_trial(trial_id: str) -> Call[Trial]:
    """Read a trial with its layer table."""
    return Call(method="GET", path=trial_path(trial_id), read=_read_trial)


def cancel_trial(trial_id: str) -> Call[Trial]:
    """Cancel a trial; doing it again changes nothing."""
    return Call(method="POST", path=f"{trial_path(trial_id)}:cancel", read=_read_trial)


def get_log(trial_id: str, tail: int | None, attempt: int | None) -> Call[str]:
    """Read a trial's log as text."""
    path = f"/v1/trials/{quote(trial_id, safe='')}/log"
    return Call(
        method="GET", path=path, read=bytes.decode, params=given(tail=tail, attempt=attempt)
    )


def get_log_pieces(trial_id: str, after: int) -> Call[LogPieces]:
    """Read what a trial printed after a piece."""
    path = f"/v1/trials/{quote(trial_id, safe='')}/log/pieces"
    return Call(method="GET", path=path, read=_read_log_pieces, params=given(after=after))


def get_attempts(trial_id: str) -> Call[Attempts]:
    """Read a trial's attempts."""
    path = f"/v1/trials/{quote(trial_id, safe='')}/attempts"
    return Call(method="GET", path=path, read=_read_attempts)


def get_curves(trial_id: str) -> Call[Curves]:
    """Read a trial's learning curves."""
    return Call(method="GET", path=f"{trial_path(trial_id)}/curves", read=_read_curves)


def get_lineage(trial_id: str, limit: int) -> Call[Lineage]:
    """Read where a trial's network comes from."""
    path = f"{trial_path(trial_id)}/lineage"
    return Call(method="GET", path=path, read=_read_lineage, params=given(limit=limit))


def replicate_trial(trial_id: str, seed: int | None) -> Call[Trial]:
    """Train a trial's candidate once more; each call makes another one."""
    body = TypeAdapter(dict[str, Any]).dump_json({"seed": seed})
    path = f"{trial_path(trial_id)}:replicate"
    return Call(method="POST", path=path, read=_read_trial, body=body, key=new_key())


def get_hypervolume(search_id: str) -> Call[HypervolumeHistory]:
    """Read how a search's hypervolume grew."""
    path = f"{search_path(search_id)}/hypervolume"
    return Call(method="GET", path=path, read=_read_hypervolume)


def get_explanation(search_id: str) -> Call[Explanation]:
    """Read what the model has learned."""
    path = f"{search_path(search_id)}/explanation"
    return Call(method="GET", path=path, read=_read_explanation)


def get_front(
    search_id: str,
    max_size_bytes: int | None,
    sort: str | None = None,
    limit: int | None = None,
    as_of: int | None = None,
) -> Call[Front]:
    """Read the front."""
    params = given(max_size_bytes=max_size_bytes, sort=sort, limit=limit, as_of=as_of)
    return Call(
        method="GET", path=f"{search_path(search_id)}/front", read=_read_front, params=params
    )


def upload_model(
    file: Path,
    name: str,
    mean: Sequence[float] | float | None,
    std: Sequence[float] | float | None,
) -> Call[Model]:
    """Upload an exported program."""
    params: dict[str, Param] = {"name": name}
    for statistic, given_as in (("mean", mean), ("std", std)):
        if given_as is not None:
            numbers = [given_as] if isinstance(given_as, int | float) else list(given_as)
            params[statistic] = numbers
    return Call(
        method="POST",
        path="/v1/models",
        read=_read_model,
        params=params,
        file=file,
        content_type="application/octet-stream",
        key=new_key(),
    )


def get_model(model_id: str) -> Call[Model]:
    """Read an uploaded network with its layers."""
    return Call(method="GET", path=f"/v1/models/{quote(model_id, safe='')}", read=_read_model)


def delete_model(model_id: str) -> Call[bytes]:
    """Delete a network; a second time there is none, so a lost answer is not asked for again."""
    path = f"/v1/models/{quote(model_id, safe='')}"
    return Call(method="DELETE", path=path, read=bytes, idempotent=False)


def list_models(limit: int, cursor: str | None) -> Call[Page[Model]]:
    """Read one page of uploaded networks, newest first."""
    params = given(limit=limit, cursor=cursor)
    return Call(method="GET", path="/v1/models", read=_read_models, params=params)


def add_hardware_profile(text: bytes) -> Call[HardwareProfile]:
    """Add a hardware profile; the same again changes nothing."""
    path, media_type = "/v1/hardware-profiles", "application/yaml"
    return Call(method="POST", path=path, read=_read_profile, body=text, content_type=media_type)


def get_hardware_profile(name: str) -> Call[HardwareProfile]:
    """Read a hardware profile with its text."""
    path = f"/v1/hardware-profiles/{quote(name, safe='')}"
    return Call(method="GET", path=path, read=_read_profile)


def list_workers() -> Call[Workers]:
    """Read every worker process."""
    return Call(method="GET", path="/v1/workers", read=_read_workers)


def list_hardware_profiles() -> Call[HardwareProfiles]:
    """Read every hardware profile."""
    return Call(method="GET", path="/v1/hardware-profiles", read=_read_profiles)


def get_meta() -> Call[Meta]:
    """Read what the server can do."""
    return Call(method="GET", path="/v1/meta", read=_read_meta)


def events_call(search_id: str, after: int | None) -> Call[bytes]:
    """Open the event stream after an event."""
    path = f"{search_path(search_id)}/events"
    return Call(method="GET", path=path, read=bytes, params=given(after=after))


def all_events_call(
    after: int | None, search_ids: Sequence[str] = (), types: Sequence[EventType] = ()
) -> Call[bytes]:
    """Open the stream of all searches after an event, or now."""
    asked = given(after=after, search_id=list(search_ids) or None, type=list(types) or None)
    return Call(method="GET", path="/v1/events", read=bytes, params=asked)
