"""What a type checker says to somebody who uses the SDK and checks strictly."""

import re
from pathlib import Path

from mypy import api

RIGHT = """
import asyncio
from pathlib import Path

from bitpareto import AsyncClient, Client, NotFoundError


def smallest(name: str) -> int:
    with Client("http://127.0.0.1:8642", max_retries=3) as client:
        search = client.searches.create(
            dataset="digits",
            space={"family": "mobilenetv2"},
            budgets={"size_bytes": 64 * 1024},
            limits={"max_trials": 16},
            name=name,
        )
        for event in search.stream(after=0):
            print(event.id, event.type, event.payload.get("number"))
        front = search.wait(timeout=60.0, progress=False).front(max_size="64 KiB")
        for point in front:
            accuracy: float = point.accuracy
            print(f"{accuracy:.2%}", point.trial.state == "completed", point.test_accuracy or 0.0)
        path: Path = front.best().artifact.download("net.bpar")
        print(path.name, [trial.number for trial in search.trials(state="completed")])
        try:
            client.trials.get("trl_nothing")
        except NotFoundError as error:
            print(error.problem.code, error.status, error.request_id)
        return min(point.size_bytes for point in front)


async def states() -> list[str]:
    async with AsyncClient() as client:
        found = [search async for search in client.searches.list()]
        async for event in found[0].stream():
            print(event.type)
        await found[0].wait(progress=False)
        return [search.state for search in found]


print(smallest("mine"), asyncio.run(states()))
"""
WRONG = """
from bitpareto import Client

client = Client()
client.searches.get(1)
search = client.searches.get("sea_1")
list(search.trials(state="done"))
print(search.front().best().accuracy.upper())
search.wait(progres=True)
if search.state == "finished":
    print(search.id)
"""
SAID = {
    5: "arg-type",
    7: "arg-type",
    8: "attr-defined",
    9: "call-arg",
    10: "comparison-overlap",
}


def test_right_use_passes_and_wrong_use_is_found(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text(WRONG)
    (tmp_path / "none.ini").write_text("[mypy]\n")
    options = ["--strict", "--config-file", str(tmp_path / "none.ini")]
    options += ["--cache-dir", str(tmp_path / "cache")]
    out, err, _ = api.run([*options, str(right), str(wrong)])
    assert not err
    assert "right.py" not in out, out
    found = re.findall(r"wrong\.py:(\d+): error: .*\[([a-z-]+)\]", out)
    assert {int(line): code for line, code in found} == SAID, out
