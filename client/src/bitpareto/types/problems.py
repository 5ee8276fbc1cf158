"""RFC 9457 problem details, the body of every error."""

from pydantic import Field

from bitpareto.types.base import ResponseModel


class FieldError(ResponseModel):
    """What is wrong with one field."""

    pointer: str
    """JSON pointer into the request body, such as ``/space/weight_bits/0``."""
    code: str
    detail: str
    allowed: list[str] = Field(default_factory=list)
    line: int | None = None
    """Where the body is a text: the line, from 1."""


class Problem(ResponseModel):
    """``application/problem+json``."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str
    request_id: str | None = None
    errors: list[FieldError] = Field(default_factory=list)
