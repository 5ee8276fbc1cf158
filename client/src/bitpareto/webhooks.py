"""Tells what a bitpareto server has sent to a webhook from what anybody else sends there."""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from bitpareto.errors import WebhookSignatureError
from bitpareto.types import SearchEvent

SIGNATURE_HEADER: Final = "Bitpareto-Signature"
TOLERANCE_S: Final = 300.0
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


def verify(
    body: bytes,
    signature: str | Mapping[str, str],
    secret: str | Sequence[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now: float | None = None,
) -> SearchEvent:
    """Return the event that was sent, if it was signed with the webhook's secret, and recently.

    Deliveries come at least once: ``Bitpareto-Delivery-Id`` is the same each time. A ping, sent to
    see whether the webhook works, is an event of type ``ping`` with the id 0.

    Args:
        body: As it came, byte by byte; parsed and written again it would be another one.
        signature: The header ``Bitpareto-Signature``, or all headers.
        secret: Of the webhook; several where it was replaced, any of which may have signed.
        tolerance_s: How old, or how far ahead of this machine's clock, it may be.
        now: Seconds since 1970; by default the present.

    Raises:
        WebhookSignatureError: If it was not; answer it with 400 and do nothing else.
    """
    header = signature if isinstance(signature, str) else _found(signature)
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in parts if name == "t"]
    sent = [value for name, _, value in parts if name == "v1"]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]) or not sent:
        raise WebhookSignatureError(f"no {SIGNATURE_HEADER} of the form t=…,v1=…")
    secrets = [secret] if isinstance(secret, str) else secret
    signed = timestamps[0].encode() + b"." + body
    expected = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in secrets]
    # all are compared, each in constant time, so that the time taken says nothing
    matches = [
        hmac.compare_digest(one.encode(), other.encode()) for one in expected for other in sent
    ]
    if not any(matches):
        raise WebhookSignatureError("signed with none of these secrets, or changed on the way")
    age_s = (time.time() if now is None else now) - int(timestamps[0])
    if abs(age_s) > tolerance_s:
        raise WebhookSignatureError(f"signed {age_s:.0f} s ago; {tolerance_s:g} are allowed")
    try:
        return SearchEvent.model_validate_json(body)
    except ValidationError as error:
        raise WebhookSignatureError(f"signed, but no event: {error}") from error


def _found(headers: Mapping[str, str]) -> str:
    wanted = SIGNATURE_HEADER.lower()
    return next((value for name, value in headers.items() if name.lower() == wanted), "")
