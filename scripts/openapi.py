"""Writes docs/openapi.json from the application; `--check` only says whether it is current."""

import json
import sys
import tempfile
from pathlib import Path

from api.app import create_app
from search.settings import settings_from_environment

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def current() -> str:
    """Return the API's description as the file should hold it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings_from_environment({"BITPARETO_DATA_FOLDER": folder}))
        schema = app.openapi()
        app.state.parts.store.close()
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def main() -> int:
    """Write or check; returns the exit status."""
    text = current()
    if "--check" in sys.argv[1:]:
        is_current = FILE.exists() and FILE.read_text() == text
        print("docs/openapi.json is", "current" if is_current else "stale: run scripts/openapi.py")
        return 0 if is_current else 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
