"""``bitpareto-server keys``: API keys made where the database is, for who has none yet."""

import argparse
import sys
from contextlib import closing
from datetime import timedelta
from functools import partial

from db.migrate import check_schema
from db.store import open_store
from search.access import ROLE_OF_SCOPE, Scope
from search.settings import Settings
from search.store import Store
from search.use_cases.access import create_key, revoke_key, set_member
from worker.patience import patiently


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make, list or revoke keys; returns the exit status.

    Raises:
        BitparetoError: If it cannot be done.
    """
    patiently(partial(check_schema, settings.database_url))
    verbs = {"create": _create, "ls": _ls, "revoke": _revoke}
    with closing(open_store(settings.database_url)) as store:
        verbs[arguments.verb](arguments, store)
    return 0


def _create(arguments: argparse.Namespace, store: Store) -> None:
    now = store.now()
    scope = Scope(arguments.scope)
    expires_at = now + timedelta(days=arguments.days) if arguments.days else None
    with store.begin() as uow:
        if uow.access.find_member(arguments.project, arguments.user) is None:
            set_member(uow, arguments.project, arguments.user, ROLE_OF_SCOPE[scope], now)
        _, text = create_key(
            uow,
            project_id=arguments.project,
            user=arguments.user,
            name=arguments.name,
            scope=scope,
            expires_at=expires_at,
            now=now,
        )
    sys.stdout.write(f"{text}\n")
    sys.stderr.write("keep it: it is not shown again. Send it as `Authorization: Bearer …`\n")


def _ls(_arguments: argparse.Namespace, store: Store) -> None:
    with store.read() as uow:
        keys = uow.access.keys()
    for key in keys:
        state = "valid" if key.is_valid(store.now()) else "ended"
        sys.stdout.write(
            f"{key.id}  {state}  {key.project_id}  {key.user}  {key.scope}  {key.name}\n"
        )


def _revoke(arguments: argparse.Namespace, store: Store) -> None:
    with store.begin() as uow:
        revoke_key(uow, arguments.key_id, store.now())
    sys.stdout.write(f"{arguments.key_id} opens nothing any more\n")
