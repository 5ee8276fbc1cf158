"""Uploads are the bytes of a file, and say so."""

from typing import Final

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from api.errors import other_media_type

OCTETS: Final = "application/octet-stream"


async def get_octets(request: Request) -> None:
    """Let pass a body that is a file's bytes, or does not say what it is.

    Raises:
        HTTPException: 415, if it says that it is something else, such as a form around the file.
    """
    sent = request.headers.get("content-type", "")
    kind = sent.partition(";")[0].strip().lower()
    if kind in ("", OCTETS):
        return
    is_form = kind.startswith("multipart/")
    hint = "; send the file itself, not a form with it" if is_form else ""
    raise HTTPException(415, other_media_type(OCTETS, sent) + hint)


OCTETS_ONLY: Final = Depends(get_octets)
