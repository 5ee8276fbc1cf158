"""Alembic's entry: runs the migrations on the database named by ``db.migrate``."""

from alembic import context
from sqlalchemy import text

from db import access_tables, webhook_tables  # noqa: F401 - declare tables
from db.engines import make_engine
from db.migrate import MIGRATION_LOCK
from db.tables import Base

# batch mode drops the table it has copied, which with foreign keys on would delete, by cascade,
# every row that refers to it; they are checked at the end instead
engine = make_engine(context.config.attributes["database_url"], foreign_keys=False)
try:
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            # SQLite cannot alter most things in place; batch mode copies the table
            render_as_batch=sqlite,
            # SQLite can do it too, once the driver leaves transactions alone (db.engines)
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if not sqlite:  # there, BEGIN IMMEDIATE has locked already
                connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            context.run_migrations()
            if sqlite and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
                raise RuntimeError("the migration broke a foreign key; nothing was changed")
finally:
    engine.dispose()
