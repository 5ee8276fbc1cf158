"""What each operation asks of whoever calls it: the one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from search.access import Scope


@dataclass(frozen=True, slots=True)
class Need:
    """What an operation asks for.

    Attributes:
        scope: That the key, bound by its user's role, must have; ``None`` is open to everybody.
        runs_deployment: Whether only members of the project ``default`` may call it.
        is_probe: Whether what watches the process calls it, which is never too often.
    """

    scope: Scope | None
    runs_deployment: bool = False
    is_probe: bool = False


ANYBODY: Final = Need(None)
PROBE: Final = Need(None, is_probe=True)
READ: Final = Need(Scope.READ)
WRITE: Final = Need(Scope.WRITE)
ADMIN: Final = Need(Scope.ADMIN)

NEEDS: Final[Mapping[str, Need]] = MappingProxyType(
    {
        "access_add_project": Need(Scope.ADMIN, runs_deployment=True),
        "access_create_key": ADMIN,
        "access_get_principal": READ,
        "access_list_keys": ADMIN,
        "access_list_members": READ,
        "access_list_projects": READ,
        "access_remove_member": ADMIN,
        "access_revoke": ADMIN,
        "access_set_role": ADMIN,
        "artifacts_export": READ,
        "artifacts_get": READ,
        "audit_list_entries": ADMIN,
        "datasets_content": READ,
        "datasets_delete": WRITE,
        "datasets_get": READ,
        "datasets_list_datasets": READ,
        "datasets_samples": READ,
        "datasets_upload": WRITE,
        "events_all_events": READ,
        "events_events": READ,
        "explanations_get": READ,
        "fronts_get": READ,
        "hardware_add": WRITE,
        "hardware_get": READ,
        "hardware_list_profiles": READ,
        "history_curves": READ,
        "history_hypervolume": READ,
        "models_delete": WRITE,
        "models_get": READ,
        "models_list_models": READ,
        "models_upload": WRITE,
        "searches_cancel": WRITE,
        "searches_clone": WRITE,
        "searches_create": WRITE,
        "searches_extend": WRITE,
        "searches_get": READ,
        "searches_list_searches": READ,
        "searches_pause": WRITE,
        "searches_resume": WRITE,
        "server_healthz": PROBE,
        "server_list_workers": READ,
        "server_meta": ANYBODY,
        "server_metrics": Need(Scope.READ, runs_deployment=True),
        "server_problems": ANYBODY,
        "server_readyz": PROBE,
        "session_create": ANYBODY,
        "session_end": ANYBODY,
        "spaces_preview": READ,
        "trials_attempts": READ,
        "trials_cancel": WRITE,
        "trials_get": READ,
        "trials_lineage": READ,
        "trials_list_trials": READ,
        "trials_log": READ,
        "trials_log_pieces": READ,
        "trials_replicate": WRITE,
        # they carry what happens in a project out of it, so all of them are an admin's
        "webhooks_create": ADMIN,
        "webhooks_get": ADMIN,
        "webhooks_get_delivery": ADMIN,
        "webhooks_list_deliveries": ADMIN,
        "webhooks_list_webhooks": ADMIN,
        "webhooks_redeliver": ADMIN,
        "webhooks_remove": ADMIN,
        "webhooks_rotate": ADMIN,
        "webhooks_ping": ADMIN,
        "webhooks_update": ADMIN,
    }
)
"""By operation id. A route that is not here keeps the application from starting."""


def need_of(operation_id: str) -> Need:
    """Return what an operation asks for.

    Raises:
        LookupError: If nobody has said.
    """
    found = NEEDS.get(operation_id)
    if found is None:
        raise LookupError(
            f"operation {operation_id!r} is not in api/access_table.py: say there who may call it"
        )
    return found
