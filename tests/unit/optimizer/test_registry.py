import subprocess
import sys

_ASK_RANDOM = """
import sys
from typing import get_args

from bitpareto.types.searches import StrategyName
from optimizer.registry import STRATEGIES
from search.objectives import OBJECTIVES
from search.ports import AskRequest
from search_space.space import space_from_json

space = space_from_json({"family": "resnet"}, input_shape=(1, 8, 8), n_classes=10)
request = AskRequest(
    space=space,
    objectives=[OBJECTIVES["accuracy"], OBJECTIVES["size_bytes"]],
    ref_point={"accuracy": 0.1, "size_bytes": 1e9},
    budgets={},
    history=[],
    n=3,
    seed=0,
)
for name in ("random", "nsga2", "local_search", "regularized_evolution"):
    assert len(STRATEGIES[name](request)) == 3
assert set(STRATEGIES) == set(get_args(StrategyName))
print(sorted({"torch", "ax", "botorch", "pandas"} & set(sys.modules)))
"""


def test_strategies_without_a_model_load_neither_torch_nor_ax() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ASK_RANDOM], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
