"""The strategies a search may name.

Modules are named as data and imported at the first ask: Ax takes about four seconds to import, and
neither ``random`` nor the process that only lists strategies needs it.
"""

from collections.abc import Mapping
from datetime import datetime
from importlib import import_module
from types import MappingProxyType
from typing import Final

from search.entities import Proposal
from search.explanations import Explanation
from search.ports import Ask, AskRequest


def _loaded_on_first_ask(module: str) -> Ask:
    def ask(request: AskRequest) -> list[Proposal]:
        strategy: Ask = import_module(module).ask
        return strategy(request)

    return ask


def explain(request: AskRequest, made_at: datetime) -> Explanation | None:
    """Explain what the model of ``bayesian`` has learned, see ``optimizer.explanation``."""
    found: Explanation | None = import_module("optimizer.explanation").explain(request, made_at)
    return found


STRATEGIES: Final[Mapping[str, Ask]] = MappingProxyType(
    {
        "bayesian": _loaded_on_first_ask("optimizer.bayesian"),
        "bomp": _loaded_on_first_ask("optimizer.bomp"),
        "local_search": _loaded_on_first_ask("optimizer.local_search"),
        "nsga2": _loaded_on_first_ask("optimizer.nsga2"),
        "random": _loaded_on_first_ask("optimizer.random_search"),
        "regularized_evolution": _loaded_on_first_ask("optimizer.regularized_evolution"),
    }
)
"""Ask functions by name. Each raises what its module's ``ask`` says."""
