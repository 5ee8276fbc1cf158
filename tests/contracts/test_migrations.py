"""The schema: one head, nothing forgotten, there and back again, with what it holds."""

import subprocess
import sys

import pytest
from alembic import command
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from db.engines import make_engine
from db.migrate import SchemaError, alembic_config, check_schema, upgrade
from db.store import open_store
from db.tables import Base
from search.states import TrialState
from tests.contracts.invariants import check_invariants
from tests.service import NOW, claim, complete, new_search, proposals, queue_trials


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("sqlite://")).get_heads()) == 1


def test_the_migrations_make_the_declared_tables(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    upgrade(empty_database_url)
    command.check(alembic_config(empty_database_url))
    check_schema(empty_database_url)


def test_processes_that_migrate_at_once_do_it_once(empty_database_url: str) -> None:
    code = "import sys; from db.migrate import upgrade; upgrade(sys.argv[1])"
    migrating = [sys.executable, "-c", code, empty_database_url]
    processes = [subprocess.Popen(migrating) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    check_schema(empty_database_url)


def test_an_empty_database_is_refused_with_the_remedy(empty_database_url: str) -> None:
    with pytest.raises(SchemaError, match="bitpareto-server migrate"):
        check_schema(empty_database_url)


def test_another_revision_is_refused(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SchemaError, match="9999"):
        check_schema(database_url)


def test_down_and_up_again_with_data(database_url: str) -> None:
    store = open_store(database_url)
    search = new_search(store)
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.9)
    store.close()
    command.downgrade(alembic_config(database_url), "base")
    engine = create_engine(database_url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(database_url)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_copying_a_table_on_sqlite_keeps_what_refers_to_it(sqlite_url: str) -> None:
    # batch mode drops the old table; with foreign keys on, its trials and events would go with it
    store = open_store(sqlite_url)
    search = new_search(store)
    complete(store, claim(store, queue_trials(store, search, proposals(1))[0]), 0.9)
    engine = make_engine(sqlite_url, foreign_keys=False)
    with engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("searches", recreate="always") as batch:
            batch.drop_index("ix_searches_state_rung_at")
    engine.dispose()
    check_invariants(store, search.id)
    with store.read() as uow:
        assert uow.searches.get(search.id).trial_counts == {TrialState.COMPLETED: 1}
    store.close()


def test_the_database_refuses_unknown_states(database_url: str) -> None:
    # a changed CHECK constraint is invisible to Alembic's comparison, so it is tried
    engine = create_engine(database_url)
    columns = (
        "id, name, created_at, updated_at, state, state_reason, dataset, space, objectives, "
        "budgets, strategy, recipe, limits, seed, ref_point, hypervolume, next_number, "
        "hold_token, failed_asks, exhausted"
    )
    values = (
        "'sea_1', '', '2026-01-01', '2026-01-01', :state, '{}', 'digits', '{}', '[]', "
        "'{}', '{}', '{}', '{}', 0, '{}', 0, 1, 0, 0, false"
    )
    insert = text(f"INSERT INTO searches ({columns}) VALUES ({values})")  # noqa: S608 - constants
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert, {"state": "thinking"})
    with engine.begin() as connection:
        connection.execute(insert, {"state": "queued"})
    engine.dispose()


def test_a_trial_needs_its_search(database_url: str) -> None:
    # SQLite enforces this only where the connection asks for it
    store = open_store(database_url)
    search = new_search(store)
    (trial_id,) = queue_trials(store, search, proposals(1))
    store.close()
    engine = make_engine(database_url)
    orphan = text("UPDATE trials SET search_id = 'sea_none' WHERE id = :id")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(orphan, {"id": trial_id})
    engine.dispose()


def test_what_there_was_before_projects_is_in_the_default_one(empty_database_url: str) -> None:
    command.upgrade(alembic_config(empty_database_url), "0006")
    engine = create_engine(empty_database_url)
    add = "INSERT INTO hardware_profiles VALUES ('chip', 'ab', '{}', '2026-03-01 12:00:00+00:00')"
    with engine.begin() as connection:
        connection.execute(text(add))
    upgrade(empty_database_url)
    store = open_store(empty_database_url)
    (project,) = _names(engine)
    assert project == "default"
    with store.of_project("default").read() as uow:
        assert [profile.created_at for profile in uow.hardware_profiles.all()] == [NOW]
    store.close()
    command.downgrade(alembic_config(empty_database_url), "0006")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT name FROM hardware_profiles")).scalar() == "chip"
    engine.dispose()


def _names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM projects")).scalars())
