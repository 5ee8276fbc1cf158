"""Uploaded data sets, and which of them a search is on."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_LIVE = "file_sha256 IS NOT NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", sa.String(length=40), server_default="default", nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column("samples_sha256", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("class_names", sa.JSON(), nullable=False),
        sa.Column("dealt", sa.JSON(), nullable=False),
        sa.Column("split_seed", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.name"], name=op.f("fk_datasets_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
    )
    op.create_index(op.f("ix_datasets_project_id_id"), "datasets", ["project_id", "id"])
    for column in ("name", "sha256"):
        op.create_index(
            f"ix_datasets_live_{column}",
            "datasets",
            ["project_id", column],
            unique=True,
            sqlite_where=sa.text(_LIVE),
            postgresql_where=sa.text(_LIVE),
        )
    # spelled out, so that SQLite need not copy the table
    op.execute(
        "ALTER TABLE searches ADD COLUMN dataset_id VARCHAR(40) "
        "CONSTRAINT fk_searches_dataset_id_datasets REFERENCES datasets (id)"
    )
    op.create_index(op.f("ix_searches_dataset_id"), "searches", ["dataset_id"])


def downgrade() -> None:
    """Take back; searches on uploaded data sets keep the name alone."""
    op.drop_index(op.f("ix_searches_dataset_id"), table_name="searches")
    with op.batch_alter_table("searches", schema=None) as batch_op:
        batch_op.drop_column("dataset_id")
    op.drop_table("datasets")
