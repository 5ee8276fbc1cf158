"""What the cookie of a signed-in browser holds: ``bps_`` + the number of a row + ``_`` + a secret.

Kept are the number and a keyed hash of the secret, as of API keys.
"""

import re
from typing import Final

_FORM: Final = re.compile(r"bps_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})")


def session_text(session_id: str, secret: str) -> str:
    """Return a session as the browser sends it."""
    return f"bps_{session_id.removeprefix('ses_')}_{secret}"


def parse_session(text: str) -> tuple[str, str] | None:
    """Return id and secret of a session, ``None`` where the text is none."""
    found = _FORM.fullmatch(text)
    return None if found is None else (f"ses_{found[1]}", found[2])
