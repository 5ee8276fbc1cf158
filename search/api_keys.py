"""What an API key looks like, and what is kept of it.

A key is ``bp_`` + the number of its row + ``_`` + 32 random bytes. Kept are the number, to find the
row, and a keyed hash of the bytes. ``docs/adr/0009-access-control.md`` says why the hash is fast.
"""

import hashlib
import hmac
import re
import secrets
from typing import Final

_FORM: Final = re.compile(r"bp_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})")
_NOBODY: Final = "key_"
_NO_HASH: Final = "0" * 64


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def key_text(key_id: str, secret: str) -> str:
    """Return the key as its holder sends it."""
    return f"bp_{key_id.removeprefix('key_')}_{secret}"


def parse_key(text: str) -> tuple[str, str] | None:
    """Return id and secret of a key, ``None`` where the text is none."""
    found = _FORM.fullmatch(text)
    return None if found is None else (f"key_{found[1]}", found[2])


def secret_hash(key_id: str, secret: str) -> str:
    """Return what is kept of a secret; it fits no other row."""
    return hmac.new(key_id.encode(), secret.encode(), hashlib.sha256).hexdigest()


def secret_fits(key_id: str, secret: str, kept: str | None) -> bool:
    """Whether a secret is the one that was kept; takes as long where there is none."""
    computed = secret_hash(key_id if kept else _NOBODY, secret)
    return hmac.compare_digest(computed, kept or _NO_HASH)
