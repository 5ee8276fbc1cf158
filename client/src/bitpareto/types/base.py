"""Bases of the wire models: requests refuse unknown fields, responses tolerate newer servers."""

from pydantic import BaseModel, ConfigDict


class RequestModel(BaseModel):
    """Sent by clients; an unknown field is an error, so that a typing mistake is never silent."""

    model_config = ConfigDict(extra="forbid")


class ResponseModel(BaseModel):
    """Sent by servers; unknown fields are ignored, so that older clients keep working."""

    model_config = ConfigDict(extra="ignore", frozen=True)
