"""SDK and CLI of bitpareto."""

from bitpareto._transport import VERSION
from bitpareto.artifact import Artifact
from bitpareto.client import Client
from bitpareto.errors import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    BitparetoError,
    ConflictError,
    DeclarationError,
    DownloadError,
    InvalidRequestError,
    NoPointError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    SearchFailedError,
    ServerError,
    SizeError,
    WaitTimeoutError,
)
from bitpareto.front import Front, FrontPoint
from bitpareto.search import Search

__version__ = VERSION

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "Artifact",
    "AuthenticationError",
    "BadRequestError",
    "BitparetoError",
    "Client",
    "ConflictError",
    "DeclarationError",
    "DownloadError",
    "Front",
    "FrontPoint",
    "InvalidRequestError",
    "NoPointError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "Search",
    "SearchFailedError",
    "ServerError",
    "SizeError",
    "WaitTimeoutError",
    "__version__",
]
