"""Which hardware profiles there are: those of the product, and those that users added."""

import hashlib
from functools import lru_cache

from search.entities import WrittenProfile
from search.errors import FieldProblem, InvalidRequestError
from search.store import Store, UnitOfWork
from search_space.hardware.estimate import Violation, violations
from search_space.hardware.profile import HardwareProfile
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.layers import LayerList


def written(name: str, yaml: str) -> WrittenProfile:
    """Return a profile's text with its hash."""
    return WrittenProfile(name=name, sha256=hashlib.sha256(yaml.encode()).hexdigest(), yaml=yaml)


def find_profile(uow: UnitOfWork, name: str) -> WrittenProfile | None:
    """Return the profile of a name, if there is one."""
    text = shipped_profiles().get(name)
    return written(name, text) if text is not None else uow.hardware_profiles.find(name)


def all_profiles(uow: UnitOfWork) -> list[WrittenProfile]:
    """Return every profile, those of the product first, each part by name."""
    shipped = [written(name, text) for name, text in shipped_profiles().items()]
    # one that a user added before the product had its name is no longer found under it
    added = [p for p in uow.hardware_profiles.all() if p.name not in shipped_profiles()]
    return [*shipped, *added]


def named_profile(store: Store, name: str | None) -> WrittenProfile | None:
    """Return the profile that a request names, if it names one.

    Raises:
        InvalidRequestError: If there is none of this name.
    """
    if name is None:
        return None
    with store.read() as uow:
        found = find_profile(uow, name)
        if found is None:
            names = tuple(profile.name for profile in all_profiles(uow))
            detail = f"{name!r} is no hardware profile of this server"
            raise InvalidRequestError([FieldProblem("/hardware", "unknown_profile", detail, names)])
    return found


def violations_by_profile(uow: UnitOfWork, layers: LayerList) -> dict[str, list[Violation]]:
    """Return what keeps a network from each device that is known, by the profile's name."""
    return {profile.name: violations(layers, live(profile)) for profile in all_profiles(uow)}


@lru_cache(maxsize=256)
def live(profile: WrittenProfile) -> HardwareProfile:
    """Return what a stored profile says; a large table takes a second to read."""
    return read_profile(profile.yaml)
