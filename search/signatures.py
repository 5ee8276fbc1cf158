"""How what a webhook sends is signed, so that its receiver can tell it from what others send.

Sources:
    Stripe's documentation, "Verify webhook signatures manually": the form of the header.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

HEADER: Final = "Bitpareto-Signature"
PREFIX: Final = "whsec_"


def new_signing_secret() -> str:
    """Return 256 random bits as text."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def signature_header(body: bytes, signing_secrets: Iterable[str], timestamp: int) -> str:
    """Return the header of a body: when it was signed, and a signature by each secret.

    Signed are the timestamp in decimal, a dot, and the body as it is sent.
    """
    signed = b"%d.%b" % (timestamp, body)
    parts = [
        f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
        for secret in signing_secrets
    ]
    return ",".join([f"t={timestamp}", *parts])
