"""Bases of the wire models: requests refuse unknown fields, responses tolerate newer servers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

T = TypeVar("T")

FROM_A_SERVER: Final[Mapping[str, bool]] = MappingProxyType({"from_a_server": True})
"""Context of validation for what a server sent, which may be newer."""


class RequestModel(BaseModel):
    """Sent by clients; an unknown field is an error, so that a typing mistake is never silent."""

    model_config = ConfigDict(extra="forbid")


class ResponseModel(BaseModel):
    """Sent by servers; unknown fields are ignored, so that older clients keep working."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _tolerate(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return check(value)
    except ValidationError:
        if isinstance(value, str) and (info.context or {}).get("from_a_server"):
            return value
        raise


def _as_it_is(value):  # type: ignore[no-untyped-def]  # a type would stand in OpenAPI for the values
    return value


Open = Annotated[T, WrapValidator(_tolerate), PlainSerializer(_as_it_is)]
"""``Open[Literal[...]]``: what a server sends is taken as it is where it is not known here."""
