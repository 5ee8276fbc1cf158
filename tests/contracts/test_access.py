"""Projects, members and keys are kept alike in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from search.access import ApiKey, BrowserSession, Principal, Role, Scope, least
from search.api_keys import new_secret, parse_key, secret_fits, secret_hash
from search.errors import (
    AuthenticationError,
    InvalidRequestError,
    NameTakenError,
    NotFoundError,
)
from search.ids import new_id
from search.sessions import session_text
from search.store import Store
from search.use_cases.access import (
    authenticate,
    create_key,
    create_project,
    revoke_key,
    set_member,
)
from search.use_cases.sessions import LASTS, authenticate_session, sign_in, sign_out
from tests.service import NOW, later


def _key(
    store: Store, role: Role = Role.ADMIN, scope: Scope = Scope.READ, **changes: object
) -> tuple[ApiKey, str]:
    fields: dict[str, object] = {"user": "ada", "name": "laptop", "expires_at": None, "now": NOW}
    with store.begin() as uow:
        set_member(uow, "default", "ada", role, NOW)
        fields |= {"project_id": "default", "scope": scope} | changes
        return create_key(uow, **fields)  # type: ignore[arg-type]  # mixed values


def test_there_is_one_project_at_first(store: Store) -> None:
    with store.read() as uow:
        assert [project.name for project in uow.access.projects()] == ["default"]
        assert uow.access.members("default") == []


def test_a_project_has_one_name_and_keeps_it(store: Store) -> None:
    with store.begin() as uow:
        made = create_project(uow, "team-a", NOW)
    with store.read() as uow:
        assert uow.access.find_project("team-a") == made
        assert [project.name for project in uow.access.projects()] == ["default", "team-a"]
    with pytest.raises(NameTakenError), store.begin() as uow:
        create_project(uow, "team-a", NOW)
    with pytest.raises(NameTakenError), store.begin() as uow:
        uow.access.add_project(made)


@pytest.mark.parametrize("name", ["", "A", "a b", "a/b", "-a", "a-", "a" * 41, "a\r\nb", "ä"])
def test_a_project_cannot_be_called_anything(store: Store, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="/name"), store.begin() as uow:
        create_project(uow, name, NOW)


@pytest.mark.parametrize("user", ["", " ", "a b", "ada\nbob", "-", "a" * 101])
def test_a_user_cannot_be_called_anything(store: Store, user: str) -> None:
    with pytest.raises(InvalidRequestError, match="/user"), store.begin() as uow:
        set_member(uow, "default", user, Role.VIEWER, NOW)


def test_members_have_roles_that_can_change(store: Store) -> None:
    with store.begin() as uow:
        first = set_member(uow, "default", "ada", Role.VIEWER, NOW)
        set_member(uow, "default", "bob@example.org", Role.EDITOR, NOW)
    with store.begin() as uow:
        second = set_member(uow, "default", "ada", Role.ADMIN, later(9))
    assert second == replace(first, role=Role.ADMIN)
    with store.begin() as uow:
        assert [m.user for m in uow.access.members("default")] == ["ada", "bob@example.org"]
        uow.access.remove_member("default", "bob@example.org")
        uow.access.remove_member("default", "nobody")
    with store.read() as uow:
        assert uow.access.members("default") == [second]
    with pytest.raises(NotFoundError), store.begin() as uow:
        set_member(uow, "none", "ada", Role.VIEWER, NOW)


def test_a_key_says_who_it_is(store: Store) -> None:
    key, text = _key(store, scope=Scope.WRITE)
    expected = Principal(project_id="default", user="ada", key_id=key.id, scope=Scope.WRITE)
    assert authenticate(store, text) == expected


def test_the_secret_is_not_kept(store: Store) -> None:
    key, text = _key(store)
    parsed = parse_key(text)
    assert parsed is not None
    with store.read() as uow:
        kept = uow.access.find_secret_hash(key.id)
        assert uow.access.keys() == [key]
    assert kept is not None
    assert parsed[1] not in kept
    assert kept == secret_hash(*parsed) != secret_hash("key_other", parsed[1])


def test_its_last_use_is_noted_once_a_minute(store: Store) -> None:
    key, text = _key(store)
    authenticate(store, text)
    with store.read() as uow:
        used = uow.access.get_key(key.id)
    assert used.last_used_at is not None
    authenticate(store, text)
    with store.begin() as uow:
        assert uow.access.get_key(key.id) == used
        earlier = used.last_used_at - timedelta(seconds=61)
        uow.access.save_key(replace(used, last_used_at=earlier))
    authenticate(store, text)
    with store.read() as uow:
        found = uow.access.get_key(key.id).last_used_at
    assert found is not None
    assert found >= used.last_used_at


@pytest.mark.parametrize("what", ["", "bp_", "Bearer", "bp_\n", "x" * 5000, "key_x", "bp_ü"])
def test_what_is_no_key_opens_nothing(store: Store, what: str) -> None:
    with pytest.raises(AuthenticationError):
        authenticate(store, what)


def test_a_key_with_another_secret_opens_nothing(store: Store) -> None:
    key, text = _key(store)
    _, other = _key(store)
    head, _, secret = text.rpartition("_")
    for wrong in (f"{head}_{new_secret()}", f"{head}_{secret[:-1]}", other[:30] + text[30:]):
        with pytest.raises(AuthenticationError):
            authenticate(store, wrong)
    with store.read() as uow:
        assert uow.access.get_key(key.id).last_used_at is None


def test_a_secret_fits_no_missing_hash() -> None:
    assert not secret_fits("key_x", new_secret(), None)


def test_a_revoked_key_opens_nothing(store: Store) -> None:
    key, text = _key(store)
    with store.begin() as uow:
        revoked = revoke_key(uow, key.id, NOW)
    assert revoked.revoked_at == NOW
    with pytest.raises(AuthenticationError):
        authenticate(store, text)
    with store.begin() as uow:
        assert revoke_key(uow, key.id, later(5)) == revoked
        with pytest.raises(NotFoundError):
            revoke_key(uow, "key_none", NOW)


def test_an_expired_key_opens_nothing(store: Store) -> None:
    now = store.now()
    _, text = _key(store, expires_at=now - timedelta(seconds=1))
    with pytest.raises(AuthenticationError):
        authenticate(store, text)
    _, text = _key(store, expires_at=now + timedelta(hours=1))
    assert authenticate(store, text).user == "ada"
    with pytest.raises(InvalidRequestError, match="/expires_at"):
        _key(store, expires_at=NOW)


def test_a_key_does_no_more_than_its_users_role(store: Store) -> None:
    _, text = _key(store, scope=Scope.ADMIN)
    with store.begin() as uow:
        set_member(uow, "default", "ada", Role.VIEWER, NOW)
    assert authenticate(store, text).scope == Scope.READ
    with store.begin() as uow:
        uow.access.remove_member("default", "ada")
    with pytest.raises(AuthenticationError):
        authenticate(store, text)


def test_nobody_gets_a_key_above_their_role(store: Store) -> None:
    with pytest.raises(InvalidRequestError, match="/scope") as caught:
        _key(store, role=Role.EDITOR, scope=Scope.ADMIN)
    assert caught.value.problems[0].allowed == ("read", "write")
    with pytest.raises(InvalidRequestError, match="/user"):
        _key(store, user="stranger")


def test_scopes_include_those_below() -> None:
    assert [Scope.WRITE.allows(scope) for scope in Scope] == [True, True, False]
    assert least(Scope.ADMIN, Scope.READ) == least(Scope.READ, Scope.ADMIN) == Scope.READ


def test_a_session_acts_for_its_key_until_either_ends(store: Store) -> None:
    now = store.now()
    with store.begin() as uow:
        set_member(uow, "default", "ada", Role.EDITOR, now)
        key, text = create_key(
            uow,
            project_id="default",
            user="ada",
            name="",
            scope=Scope.WRITE,
            expires_at=now + timedelta(days=1),
            now=now,
        )
    session, cookie, principal = sign_in(store, text)
    assert (session.key_id, session.expires_at) == (key.id, key.expires_at)
    assert authenticate_session(store, cookie) == principal
    other, second, _ = sign_in(store, text)
    for wrong in (cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), text, ""):
        with pytest.raises(AuthenticationError):
            authenticate_session(store, wrong)
    swapped = second.replace(other.id.removeprefix("ses_"), session.id.removeprefix("ses_"))
    with pytest.raises(AuthenticationError):
        authenticate_session(store, swapped)
    with store.begin() as uow:
        sign_out(uow, swapped)
        assert uow.access.find_session(session.id) is not None
        sign_out(uow, cookie)
    with pytest.raises(AuthenticationError):
        authenticate_session(store, cookie)
    with store.begin() as uow:
        revoke_key(uow, key.id, now)
    with pytest.raises(AuthenticationError):
        authenticate_session(store, second)


def test_expired_sessions_open_nothing_and_are_removed(store: Store) -> None:
    now = store.now()
    key, text = _key(store)
    _, cookie, _ = sign_in(store, text)
    secret = new_secret()
    old = BrowserSession(
        id=new_id("ses"),
        project_id="default",
        key_id=key.id,
        created_at=now - LASTS,
        expires_at=now - timedelta(seconds=1),
    )
    with store.begin() as uow:
        uow.access.add_session(old, secret_hash(old.id, secret))
    with pytest.raises(AuthenticationError):
        authenticate_session(store, session_text(old.id, secret))
    with store.begin() as uow:
        assert uow.leftovers.sessions(now, remove=False) == 1
        assert uow.leftovers.sessions(now, remove=True) == 1
        assert uow.leftovers.sessions(now, remove=True) == 0
    assert authenticate_session(store, cookie).user == "ada"
