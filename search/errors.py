"""Everything the domain raises on purpose; each class says whether to fix, retry or give up."""

from collections.abc import Collection
from dataclasses import dataclass

from search.placement import Needs


class BitparetoError(Exception):
    """Root of every error this service raises on purpose."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of a request."""

    pointer: str
    """JSON pointer of the field, such as ``/space/weight_bits/0``."""
    code: str
    detail: str
    allowed: tuple[str, ...] = ()
    line: int | None = None
    """Of a text that was sent, from 1."""


class InvalidRequestError(BitparetoError, ValueError):
    """The request breaks a rule; the caller must change it. Nothing was stored."""

    def __init__(self, problems: Collection[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.detail}" for p in self.problems))


class NotFoundError(BitparetoError, LookupError):
    """No such object, or none the caller may see; do not retry."""

    def __init__(self, kind: str, object_id: str) -> None:
        self.kind = kind
        self.object_id = object_id
        super().__init__(f"{kind} {object_id!r} does not exist")


class NotExplainedError(BitparetoError, LookupError):
    """The search has no explanation; ``why`` says whether waiting helps."""

    def __init__(self, search_id: str, why: str) -> None:
        self.search_id = search_id
        super().__init__(f"search {search_id} has no explanation: {why}")


class NameTakenError(BitparetoError):
    """Something else has this name and keeps it; choose another."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        super().__init__(f"{kind} {name!r} exists already, and never changes; choose another name")


class DatasetInUseError(BitparetoError):
    """A data set cannot go: searches that have not ended use it; cancel or await them first."""

    def __init__(self, name: str, search_ids: Collection[str]) -> None:
        self.name = name
        self.search_ids = tuple(search_ids)
        super().__init__(f"data set {name!r} is used by {_unfinished(self.search_ids)}")


class DatasetGoneError(BitparetoError):
    """A search cannot train any more: its data set was deleted; upload it and clone the search."""

    def __init__(self, search_id: str, name: str) -> None:
        self.search_id = search_id
        self.name = name
        super().__init__(
            f"search {search_id} cannot train any more: its data set {name!r} was deleted; upload "
            "it again and clone the search"
        )


class ModelInUseError(BitparetoError):
    """A network cannot go: searches that have not ended use it; cancel or await them first."""

    def __init__(self, model_id: str, name: str, search_ids: Collection[str]) -> None:
        self.model_id = model_id
        self.search_ids = tuple(search_ids)
        super().__init__(f"network {name or model_id!r} is used by {_unfinished(self.search_ids)}")


class ModelGoneError(BitparetoError):
    """A search cannot train any more: its network was deleted; upload it and clone the search."""

    def __init__(self, search_id: str, model: str) -> None:
        self.search_id = search_id
        self.model = model
        super().__init__(
            f"search {search_id} cannot train any more: its network {model} was deleted; upload it "
            "again and clone the search with the new one"
        )


class KeyReusedError(BitparetoError):
    """Another request has this ``Idempotency-Key``; give this one a key of its own."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"Idempotency-Key {key!r} belongs to a request that says something else")


class AuthenticationError(BitparetoError):
    """Nobody this service knows; get a valid key first. It never says what is wrong with one."""


class PermissionDeniedError(BitparetoError):
    """Known, but not allowed; ask for a key or a role that allows more."""


class CrossSiteError(PermissionDeniedError):
    """A browser says that a page of another site made the request; nothing but our own may."""


class TransitionError(BitparetoError):
    """A state change outside the table of transitions; read the object again, then decide."""

    def __init__(self, kind: str, object_id: str, current: str, proposed: str) -> None:
        self.kind = kind
        self.object_id = object_id
        self.current = current
        self.proposed = proposed
        super().__init__(f"{kind} {object_id} cannot go from {current} to {proposed}")


class StaleLeaseError(BitparetoError):
    """A worker wrote with a fencing token that is no longer valid; give up, change nothing."""

    def __init__(self, trial_id: str, token: int) -> None:
        self.trial_id = trial_id
        self.token = token
        super().__init__(f"attempt {token} no longer holds trial {trial_id}")


class UnableError(BitparetoError):
    """A trial waits for a worker that has more than this one; leave it to another."""

    def __init__(self, trial_id: str, needs: Needs) -> None:
        self.trial_id = trial_id
        self.needs = needs
        super().__init__(f"trial {trial_id} waits for {needs}")


class StoreBusyError(BitparetoError):
    """The store is locked or unreachable for now; retry after ``retry_after_s`` seconds."""

    def __init__(self, detail: str, *, retry_after_s: float = 1.0) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class RateLimitedError(BitparetoError):
    """Too many requests; the next one is answered after ``retry_after_s`` seconds."""

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(detail)


class TrialFailure(BitparetoError):  # noqa: N818 - an outcome, not a mistake of the caller
    """Root of typed trial outcomes raised while a candidate is trained."""

    outcome: str = "failed"


class DivergedError(TrialFailure):
    """The loss became non-finite; the optimizer learns that this candidate does not train."""

    outcome = "diverged"


class OutOfMemoryError(TrialFailure):
    """The device ran out of memory; the optimizer learns that this candidate does not fit."""

    outcome = "out_of_memory"


class ArtifactMismatchError(TrialFailure):
    """The packed file disagrees with the trained network by more than the stated bound."""

    outcome = "artifact_mismatch"


class TrialInterrupted(BitparetoError):  # noqa: N818 - a request, not an error
    """Training must stop now: ``why`` is ``cancelled``, ``released`` (drain) or ``stale``."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def _unfinished(search_ids: tuple[str, ...]) -> str:
    n = len(search_ids)
    searches = "1 search that has" if n == 1 else f"{n} searches that have"
    some = ", ".join(search_ids[:5]) + (", ..." if n > 5 else "")
    return f"{searches} not ended: {some}; cancel {'it' if n == 1 else 'them'} or wait"
