"""``/v1/hardware-profiles``: add, list and read hardware profiles."""

from typing import Annotated

from fastapi import APIRouter, Body, Response, status

from api.deps import NowDep, StoreDep
from api.errors import problem_responses
from api.etags import NOT_MODIFIED, IfNoneMatch, tagged_response
from bitpareto import types as wire
from search.entities import WrittenProfile
from search.errors import NotFoundError
from search.hardware import all_profiles, find_profile, live
from search.use_cases.hardware import add_profile, check_profile
from search_space.hardware.estimate import cost_names

router = APIRouter(prefix="/v1/hardware-profiles", tags=["hardware"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(408, 409, 413, 422, 503),
    summary="Add a hardware profile (YAML)",
)
def add(
    profile: Annotated[bytes, Body(media_type="application/yaml")],
    store: StoreDep,
    now: NowDep,
    response: Response,
) -> wire.HardwareProfile:
    """Check a profile and keep it under its name, for good.

    Every problem has its line. The same text again is no error; another text of the same name is.
    """
    checked = check_profile(profile)
    with store.begin() as uow:
        added = add_profile(uow, checked, now)
    response.headers["Location"] = f"/v1/hardware-profiles/{added.name}"
    return _to_wire(added, with_yaml=True)


@router.get("", responses=problem_responses(503), summary="List hardware profiles")
def list_profiles(store: StoreDep) -> wire.HardwareProfiles:
    """Return those that come with the server, then those that were added, each part by name."""
    with store.read() as uow:
        found = all_profiles(uow)
    return wire.HardwareProfiles(data=[_to_wire(profile) for profile in found])


@router.get(
    "/{name}",
    response_model=wire.HardwareProfile,
    responses={**NOT_MODIFIED, **problem_responses(404, 503)},
    summary="Read a hardware profile",
)
def get(name: str, store: StoreDep, if_none_match: IfNoneMatch = None) -> Response:
    """Return the profile with its text."""
    with store.read() as uow:
        found = find_profile(uow, name)
    if found is None:
        raise NotFoundError("hardware profile", name)
    return tagged_response(_to_wire(found, with_yaml=True), if_none_match)


def _to_wire(profile: WrittenProfile, *, with_yaml: bool = False) -> wire.HardwareProfile:
    known = live(profile)
    return wire.HardwareProfile(
        name=profile.name,
        sha256=profile.sha256,
        description=known.description,
        weight_bits=sorted(known.weight_bits),
        activation_bits=sorted(known.activation_bits),
        pairs={kind: sorted(pairs) for kind, pairs in known.pairs.items()},
        flash_bytes=known.flash_bytes,
        ram_bytes=known.ram_bytes,
        costs=list(cost_names(known)),
        yaml=profile.yaml if with_yaml else None,
        shipped=profile.created_at is None,
        created_at=profile.created_at,
    )
