"""Signing a browser in and out. A session may do what its key may, for as long as the key may."""

from datetime import timedelta
from typing import Final

from search.access import BrowserSession, Principal
from search.api_keys import new_secret, secret_fits, secret_hash
from search.errors import AuthenticationError
from search.ids import new_id
from search.sessions import parse_session, session_text
from search.store import Store, UnitOfWork
from search.use_cases.access import authenticate, principal_of

LASTS: Final = timedelta(days=7)
_ENDED: Final = "the session has ended; sign in again"


def sign_in(store: Store, key_text: str) -> tuple[BrowserSession, str, Principal]:
    """Begin a session for whoever has a key.

    Args:
        store: Of all projects.
        key_text: The key as it was sent.

    Returns:
        The session, what the browser is to keep, and who it acts for.

    Raises:
        AuthenticationError: If it is no key, or no longer one.
    """
    principal = authenticate(store, key_text)
    now = store.now()
    with store.begin() as uow:
        _, key = principal_of(uow, str(principal.key_id), now)
        ends = now + LASTS if key.expires_at is None else min(now + LASTS, key.expires_at)
        session = BrowserSession(
            id=new_id("ses"),
            project_id=key.project_id,
            key_id=key.id,
            created_at=now,
            expires_at=ends,
        )
        secret = new_secret()
        uow.access.add_session(session, secret_hash(session.id, secret))
    return session, session_text(session.id, secret), principal


def authenticate_session(store: Store, text: str) -> Principal:
    """Return who a session acts for.

    Args:
        store: Of all projects.
        text: The session as the browser sent it.

    Raises:
        AuthenticationError: If there is no such session, or it or its key has ended.
    """
    now = store.now()
    with store.read() as uow:
        session = _find(uow, text)
        if session is None or now >= session.expires_at:
            raise AuthenticationError(_ENDED)
        return principal_of(uow, session.key_id, now)[0]


def sign_out(uow: UnitOfWork, text: str) -> BrowserSession | None:
    """End a session and return it; ``None`` where there is none."""
    session = _find(uow, text)
    if session is not None:
        uow.access.remove_session(session.id)
    return session


def _find(uow: UnitOfWork, text: str) -> BrowserSession | None:
    session_id, secret = parse_session(text) or ("", "")
    found = uow.access.find_session(session_id)
    fits = secret_fits(session_id, secret, None if found is None else found[1])
    return found[0] if found is not None and fits else None
