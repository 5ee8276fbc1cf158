"""What every store does with hardware profiles, on SQLite and on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from search.entities import WrittenProfile
from search.errors import NameTakenError
from search.hardware import all_profiles, find_profile, live, written
from search.store import Store
from search.use_cases.hardware import add_profile, check_profile
from search_space.hardware.shipped import shipped_profiles
from tests.service import NOW, later, new_search

YAML = """\
# a comment, and more than ASCII: µJ
schema: 1
name: NAME
cost:
  model: bit_serial
  rates:
    - time: {bit_operation: 1}
"""


def profile(name: str, extra: str = "") -> WrittenProfile:
    return check_profile((YAML.replace("NAME", name) + extra).encode())


def add(store: Store, added: WrittenProfile) -> WrittenProfile:
    with store.begin() as uow:
        return add_profile(uow, added, NOW)


def test_what_is_added_comes_back_as_written(store: Store) -> None:
    added = add(store, profile("b-board"))
    add(store, profile("a-board"))
    with store.read() as uow:
        assert find_profile(uow, "b-board") == added
        assert uow.hardware_profiles.find("c-board") is None
        names = [p.name for p in all_profiles(uow)]
    assert names == [*shipped_profiles(), "a-board", "b-board"]
    assert added.yaml == YAML.replace("NAME", "b-board")
    assert added.created_at == NOW


def test_a_name_keeps_its_content(store: Store) -> None:
    first = add(store, profile("board"))
    with store.begin() as uow:
        assert add_profile(uow, profile("board"), later(9)) == first
    with pytest.raises(NameTakenError, match="board"):
        add(store, profile("board", "flash_bytes: 5\n"))
    with pytest.raises(NameTakenError):
        add(store, profile("bitfusion"))
    with store.read() as uow:
        assert find_profile(uow, "board") == first
        assert uow.hardware_profiles.find("bitfusion") is None


def test_of_two_at_once_one_is_refused(store: Store) -> None:
    def attempt(flash: int) -> bool:
        try:
            with store.begin() as uow:
                added = replace(profile("board", f"flash_bytes: {flash}\n"), created_at=NOW)
                uow.hardware_profiles.add(added)
        except NameTakenError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, range(1, 5))) == 1


def test_a_search_keeps_its_copy(store: Store) -> None:
    added = add(store, profile("board"))
    search = new_search(store, hardware=added)
    with store.read() as uow:
        kept = uow.searches.get(search.id).hardware
        assert uow.searches.page(1)[0].hardware == kept
    assert kept == written("board", added.yaml)
    assert live(kept) == live(added)
    plain = new_search(store)
    with store.read() as uow:
        assert uow.searches.get(plain.id).hardware is None
