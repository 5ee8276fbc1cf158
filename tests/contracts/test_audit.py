"""The audit log is kept alike in every store, and cannot be changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db.store import SqlStore
from search.audit import AuditEntry, AuditFilter
from search.ids import new_id
from search.store import Store
from search.use_cases.access import create_project
from tests.service import NOW, later


def entry(**changes: object) -> AuditEntry:
    first = AuditEntry(
        id=new_id("aud"),
        project_id="default",
        at=NOW,
        user="ada",
        key_id="key_1",
        operation="searches_cancel",
        object_id="sea_1",
        status=202,
        request_id="req_1",
    )
    return replace(first, **changes)  # type: ignore[arg-type]  # mixed values


def test_entries_come_newest_first_and_in_pages(store: Store) -> None:
    kept = [entry(at=later(n), status=200 + n) for n in range(5)]
    with store.begin() as uow:
        for each in kept:
            uow.audit.add(each)
    newest_first = kept[::-1]
    with store.read() as uow:
        first = uow.audit.page(AuditFilter(), 2)
        rest = uow.audit.page(AuditFilter(), 9, first[-1].id)
    assert first + rest == newest_first


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AuditFilter(user="bob"), [1]),
        (AuditFilter(operation="access_revoke"), [2]),
        (AuditFilter(object_id="sea_9"), [3]),
        (AuditFilter(after=NOW + timedelta(seconds=3)), [3]),
        (AuditFilter(before=NOW + timedelta(seconds=1)), [0]),
        (AuditFilter(user="ada", object_id="sea_1"), [2, 0]),
    ],
)
def test_entries_are_found_by(store: Store, wanted: AuditFilter, found: list[int]) -> None:
    kept = [
        entry(at=later(0)),
        entry(at=later(1), user="bob", key_id=None),
        entry(at=later(2), operation="access_revoke"),
        entry(at=later(3), object_id="sea_9"),
    ]
    with store.begin() as uow:
        for each in kept:
            uow.audit.add(each)
    with store.read() as uow:
        assert uow.audit.page(wanted, 9) == [kept[n] for n in found]


def test_a_project_sees_its_own_alone(store: Store) -> None:
    with store.begin() as uow:
        create_project(uow, "second", NOW)
        uow.audit.add(entry())
        uow.audit.add(entry(project_id="second", user="bob"))
    with store.of_project("second").read() as uow:
        assert [each.user for each in uow.audit.page(AuditFilter(), 9)] == ["bob"]


def test_no_statement_changes_an_entry(store: SqlStore) -> None:
    with store.begin() as uow:
        uow.audit.add(entry())
    with pytest.raises(DBAPIError, match="do not change"), store._writer.begin() as connection:
        connection.execute(text("UPDATE audit_entries SET status = 500"))
    with store.read() as uow:
        assert [each.status for each in uow.audit.page(AuditFilter(), 9)] == [202]


def test_old_entries_go_where_that_is_wished(store: Store) -> None:
    kept = [entry(at=later(n)) for n in range(3)]
    with store.begin() as uow:
        for each in kept:
            uow.audit.add(each)
        assert uow.leftovers.audit(later(2), remove=False) == 2
        assert uow.leftovers.audit(later(2), remove=True) == 2
        assert uow.audit.page(AuditFilter(), 9) == kept[2:]
