"""Projects with members and API keys; whatever there was before is in project ``default``."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_OWNED = ("searches", "models")


def upgrade() -> None:
    """Apply."""
    projects = op.create_table(
        "projects",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projects")),
    )
    op.bulk_insert(projects, [{"name": "default", "created_at": datetime.now(UTC)}])
    op.create_table(
        "members",
        sa.Column("project_id", sa.String(length=40), nullable=False),
        sa.Column("user", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'editor', 'admin')", name=op.f("ck_members_role")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.name"], name=op.f("fk_members_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "user", name=op.f("pk_members")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), server_default="default", nullable=False),
        sa.Column("user", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("scope IN ('read', 'write', 'admin')", name=op.f("ck_api_keys_scope")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.name"], name=op.f("fk_api_keys_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_project_id_id"), "api_keys", ["project_id", "id"])
    for table in _OWNED:
        # spelled out, so that SQLite need not copy the table
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN project_id VARCHAR(40) DEFAULT 'default' NOT NULL "
            f"CONSTRAINT fk_{table}_project_id_projects REFERENCES projects (name)"
        )
        op.create_index(op.f(f"ix_{table}_project_id_id"), table, ["project_id", "id"])
    _replace_profiles(with_project=True)


def _replace_profiles(*, with_project: bool) -> None:
    """Make the table anew: a name is one project's own."""
    old = sa.table(
        "hardware_profiles",
        sa.column("name"),
        sa.column("sha256"),
        sa.column("yaml"),
        sa.column("created_at", sa.DateTime(timezone=True)),
    )
    kept = op.get_bind().execute(sa.select(old)).mappings().all()
    op.drop_table("hardware_profiles")
    project = sa.Column(
        "project_id", sa.String(length=40), server_default="default", nullable=False
    )
    key = ["project_id", "name"] if with_project else ["name"]
    new = op.create_table(
        "hardware_profiles",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("yaml", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *([project, _profiles_of_project()] if with_project else []),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_hardware_profiles")),
    )
    if kept:
        op.bulk_insert(new, [dict(row) for row in kept])


def _profiles_of_project() -> sa.ForeignKeyConstraint:
    name = op.f("fk_hardware_profiles_project_id_projects")
    return sa.ForeignKeyConstraint(["project_id"], ["projects.name"], name=name)


def downgrade() -> None:
    """Take back; profiles of other projects than ``default`` are lost, names are unique again."""
    op.execute("DELETE FROM hardware_profiles WHERE project_id <> 'default'")
    _replace_profiles(with_project=False)
    for table in _OWNED:
        op.drop_index(op.f(f"ix_{table}_project_id_id"), table_name=table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("project_id")
    op.drop_table("api_keys")
    op.drop_table("members")
    op.drop_table("projects")
