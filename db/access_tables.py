"""Tables of projects, members, API keys, sessions, and of what was done with them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.tables import Base, OfProject, one_of
from search.access import Role, Scope


class ProjectRow(Base):
    """A project."""

    __tablename__ = "projects"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    created_at: Mapped[datetime]


class MemberRow(OfProject, Base):
    """A user of a project."""

    __tablename__ = "members"
    __table_args__ = (CheckConstraint(one_of("role", Role), name="role"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    user: Mapped[str] = mapped_column(String(100), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class SessionRow(OfProject, Base):
    """A signed-in browser, less its secret."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKeyRow(OfProject, Base):
    """A key, less its secret."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint(one_of("scope", Scope), name="scope"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(16))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AuditRow(OfProject, Base):
    """An entry; triggers of the migration refuse to change one."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index(None, "project_id", "id"),
        Index(None, "project_id", "object_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user: Mapped[str] = mapped_column(String(100))
    key_id: Mapped[str | None] = mapped_column(String(40))
    operation: Mapped[str] = mapped_column(String(100))
    object_id: Mapped[str | None] = mapped_column(String(200))
    status: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(128))
