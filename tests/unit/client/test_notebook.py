"""What a real Jupyter kernel is sent while a cell waits for a search."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from bitpareto._notebook import notebook_output
from search.entities import Limits
from tests.served import Deployment
from tests.service import new_search

Message = dict[str, Any]
WAIT = """
from bitpareto import Client
with Client({address!r}) as client:
    client.searches.get({search_id!r}).wait({timeout}{options})
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(startup_timeout=120)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _run(
    kernel: BlockingKernelClient, code: str, react: Callable[[Message], None] = lambda _: None
) -> list[Message]:
    """Run a cell and return all it showed."""
    shown: list[Message] = []

    def take(message: Message) -> None:
        shown.append(message)
        react(message)

    kernel.execute_interactive(code, timeout=120, output_hook=take)
    return [message for message in shown if message["msg_type"] not in {"status", "execute_input"}]


def test_a_waiting_cell_has_one_panel_that_is_drawn_again(
    kernel: BlockingKernelClient, address: str, deployment: Deployment
) -> None:
    limits = Limits(max_trials=2, max_parallel=2)
    search = new_search(deployment.store, limits=limits, name="<b>mine</b>")
    claims = deployment.claimed(search, 2)

    def work(message: Message) -> None:
        if message["msg_type"] == "display_data":
            deployment.complete(claims[0], 0.7)
            deployment.complete(claims[1], 0.9)
            deployment.finish(search.id)

    code = WAIT.format(address=address, search_id=search.id, timeout=60, options="")
    first, *later = _run(kernel, code, work)
    assert first["msg_type"] == "display_data"
    assert {message["msg_type"] for message in later} == {"update_display_data"}
    panels = [first, *later]
    assert len({message["content"]["transient"]["display_id"] for message in panels}) == 1
    html = later[-1]["content"]["data"]["text/html"]
    for part in (f"search={search.id}", "&lt;b&gt;mine", "2/2", "90.00%", "trial 1: 70.00%"):
        assert part in html
    assert "<b>succeeded</b>" in html
    assert "<b>mine" not in html
    assert "succeeded: trials 2/2" in later[-1]["content"]["data"]["text/plain"]


def test_a_cell_that_wants_no_progress_shows_nothing(
    kernel: BlockingKernelClient, address: str, deployment: Deployment
) -> None:
    search = new_search(deployment.store)
    code = WAIT.format(
        address=address, search_id=search.id, timeout=0.1, options=", progress=False"
    )
    (error,) = _run(kernel, code)
    assert error["content"]["ename"] == "WaitTimeoutError"


def test_outside_of_a_notebook_there_is_no_place_for_a_panel() -> None:
    assert notebook_output() is None
