"""Records the answers of the API's example calls in ``api/example_calls/``.

An answer is kept for as long as a server answers with the same fields and types, so that nothing
changes but what has changed; `--all` records every one anew. Run `scripts/openapi.py` and
`scripts/reference.py` afterwards.
"""

import json
import sys
import tempfile
from pathlib import Path

import httpx

from api.app import create_app
from api.examples import FOLDER
from tests.example_calls import Answer, Names, fits, in_order, send
from tests.example_world import files, fill
from tests.served import Deployment, migrated_settings, served

_LINES = 12
"""Of an answer that is plain text so many are kept."""
_ITEMS = 2
"""Of one that is a list."""


def main() -> int:
    """Record; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(migrated_settings(Path(folder)))
        names = Names(fill(deployment))
        app = create_app(deployment.settings, poll_s=0.02)
        bodies = files()
        with served(app) as address, httpx.Client(base_url=address, timeout=60) as client:
            for name, method, path, example in in_order(app.openapi(), names):
                answer = send(client, names, (method, path, example), bodies)
                is_same = answer.status == example.status and fits(
                    example.answer, answer.content, answer.media_type
                )
                names.learn(example.answer, answer.content)
                if not is_same or "--all" in sys.argv[1:]:
                    if answer.status < 300:
                        names.learn_made(name, answer.content)
                    _record(name, answer, names)
                    names.learn(names.shown(answer.content), answer.content)
        deployment.store.close()
    return 0


def _record(name: str, answer: Answer, names: Names) -> None:
    file = FOLDER / f"{name}.json"
    told = json.loads(file.read_text())
    content = names.shown(answer.content)
    if answer.media_type == "text/plain" and content is not None:
        content = "".join(content.splitlines(keepends=True)[:_LINES])
    if isinstance(content, list):
        content = content[:_ITEMS]
    elif isinstance(content, dict) and "data" in content:
        content["data"] = content["data"][:_ITEMS]
    told |= {"status": answer.status, "answer": content}
    file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    print(f"{name}: {answer.status}, recorded")


if __name__ == "__main__":
    sys.exit(main())
