"""Every schema that ever was is upgraded with what it held (``scripts/freeze_schema.py``)."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, inspect, select, text

from db import access_tables, webhook_tables  # noqa: F401 - declare tables
from db.migrate import alembic_config, check_schema, upgrade
from db.store import open_store
from db.tables import Base
from search.states import SearchState, TrialState
from search.use_cases.extend import extend_search
from tests.contracts.frozen import ACCURACIES, FOLDER, NAME, YAML, thaw
from tests.contracts.invariants import check_invariants
from tests.service import later

KINDS = ("sqlite", "postgresql")
FROZEN = sorted(FOLDER.glob("*.sql"))
NEWEST_FROZEN = "0017"
ADDED_LATER = {"projects", "departures"}
"""Tables that a migration itself fills."""


def rows(database_url: str) -> dict[str, int]:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        found = {
            name: connection.scalar(select(func.count()).select_from(text(name))) or 0
            for name in inspect(connection).get_table_names()
        }
    engine.dispose()
    return found


def revision_of(dump: Path) -> str:
    return dump.name.partition(".")[0]


def test_no_revision_is_left_out() -> None:
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    known = sorted(each.revision for each in script.walk_revisions())
    for kind in KINDS:
        frozen = [revision_of(dump) for dump in FROZEN if f".{kind}." in dump.name]
        assert frozen == known[: len(frozen)]
        assert NEWEST_FROZEN in frozen


@pytest.mark.parametrize("dump", FROZEN, ids=lambda dump: dump.stem)
def test_a_frozen_database_becomes_todays_with_all_it_held(
    dump: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if ".sqlite." in dump.name:
        url = f"sqlite:///{tmp_path / 'thawed.db'}"
    else:
        url = request.getfixturevalue("postgres").new_database("thawed")
    thaw(dump, url)
    before = rows(url)
    assert min(n for table, n in before.items() if table not in ADDED_LATER) > 0
    upgrade(url)
    check_schema(url)
    after = rows(url)
    assert {name: after[name] for name in before if name not in ADDED_LATER} == {
        name: n for name, n in before.items() if name not in ADDED_LATER
    }
    _check_tables(url)
    _check_what_it_holds(url)


def _check_tables(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def _check_what_it_holds(url: str) -> None:
    store = open_store(url)
    with store.read() as uow:
        (search,) = uow.searches.page(10)
        trials = uow.trials.of_search(search.id)
        front = uow.trials.front(search.id)
        profile = uow.hardware_profiles.find("mine")
        curve = uow.events.of_types(search.id, ["trial.progress"])
    assert (search.name, search.state) == (NAME, SearchState.CANCELLED)
    assert search.trial_counts == {TrialState.COMPLETED: 2, TrialState.FAILED: 1}
    completed = [trial for trial in trials if trial.state == TrialState.COMPLETED]
    assert [trial.metrics["accuracy"] for trial in completed] == [*ACCURACIES]
    assert front == completed
    assert search.hypervolume > 0
    assert curve[0].payload["accuracy"] == 0.75
    if profile is not None:
        assert profile.yaml == YAML
    check_invariants(store, search.id)
    with store.begin() as uow:  # and it goes on
        extend_search(uow, search.id, trials=1, wall_time_s=0, now=later(100))
    check_invariants(store, search.id)
    store.close()
