"""What the optimizer raises on purpose; none of it leaves ``ask``."""

from search.errors import BitparetoError


class ModelError(BitparetoError):
    """The accuracy model broke down numerically; propose without a model."""


class ExhaustedError(BitparetoError):
    """No new candidate is left; return what there is."""
