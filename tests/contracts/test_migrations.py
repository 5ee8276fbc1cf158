"""The schema: one head, nothing forgotten, there and back again."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from db.migrate import SchemaError, alembic_config, check_schema, upgrade
from db.tables import Base


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("sqlite://")).get_heads()) == 1


def test_the_migrations_make_the_declared_tables(database_url: str) -> None:
    upgrade(database_url)
    upgrade(database_url)
    command.check(alembic_config(database_url))
    check_schema(database_url)


def test_an_empty_database_is_refused_with_the_remedy(database_url: str) -> None:
    with pytest.raises(SchemaError, match="bitpareto-server migrate"):
        check_schema(database_url)


def test_another_revision_is_refused(database_url: str) -> None:
    upgrade(database_url)
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(SchemaError, match="9999"):
        check_schema(database_url)


def test_down_and_up_again(database_url: str) -> None:
    upgrade(database_url)
    command.downgrade(alembic_config(database_url), "base")
    engine = create_engine(database_url)
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    upgrade(database_url)
    assert set(inspect(engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    engine.dispose()


def test_the_database_refuses_unknown_states(database_url: str) -> None:
    # a changed CHECK constraint is invisible to Alembic's comparison, so it is tried
    upgrade(database_url)
    engine = create_engine(database_url)
    columns = (
        "id, name, created_at, updated_at, state, state_reason, dataset, space, objectives, "
        "budgets, strategy, recipe, limits, seed, ref_point, hypervolume, next_number, "
        "hold_token, failed_asks"
    )
    values = (
        "'sea_1', '', '2026-01-01', '2026-01-01', :state, '{}', 'digits', '{}', '[]', "
        "'{}', '{}', '{}', '{}', 0, '{}', 0, 1, 0, 0"
    )
    insert = text(f"INSERT INTO searches ({columns}) VALUES ({values})")  # noqa: S608 - constants
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(insert, {"state": "thinking"})
    with engine.begin() as connection:
        connection.execute(insert, {"state": "queued"})
    engine.dispose()
