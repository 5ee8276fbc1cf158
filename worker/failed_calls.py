"""Why a call of somebody else's server failed, in words for whoever runs that server."""

import http.client
import ssl
from typing import Final

_LONGEST: Final = 300


def failure_in_words(error: Exception, seconds: float) -> str:
    """Say what went wrong while something was sent.

    Args:
        error: Of a socket, ``ssl`` or ``http.client``.
        seconds: That the call had taken by then.

    Example:
        >>> failure_in_words(ConnectionRefusedError(111, "Connection refused"), 0.1)
        'connection refused: nothing listens there'
    """
    return _words(error, seconds)[:_LONGEST]


def _words(error: Exception, seconds: float) -> str:
    match error:
        case TimeoutError():
            return f"timed out: no answer within {seconds:.0f} s"
        case ssl.SSLCertVerificationError():
            return f"TLS certificate not valid: {error.verify_message.rstrip('.')}"
        case ssl.SSLError():
            reason = (error.reason or str(error)).replace("_", " ").lower()
            return f"TLS handshake failed: {reason}"
        case ConnectionRefusedError():
            return "connection refused: nothing listens there"
        case ConnectionResetError() | BrokenPipeError() | ConnectionAbortedError():
            return "connection closed by the receiver before it answered"
        case http.client.InvalidURL() | ValueError():
            return f"cannot be sent: {error}"
        case http.client.HTTPException():
            return "answered something that is not HTTP"
        case OSError(strerror=str(reason)):
            return f"no connection: {reason[:1].lower()}{reason[1:]}"
        case _:
            return f"no connection: {error}"
