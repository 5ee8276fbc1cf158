"""SDK and CLI of bitpareto."""

from bitpareto import webhooks
from bitpareto._async.artifact import AsyncArtifact
from bitpareto._async.client import AsyncClient
from bitpareto._async.front import AsyncFront, AsyncFrontPoint
from bitpareto._async.search import AsyncSearch
from bitpareto._sync.artifact import Artifact
from bitpareto._sync.client import Client
from bitpareto._sync.front import Front, FrontPoint
from bitpareto._sync.search import Search
from bitpareto._transport import VERSION
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
    DeliveryFailedError,
    DownloadError,
    InvalidRequestError,
    MissingExtraError,
    NoPointError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    SearchFailedError,
    ServerError,
    SizeError,
    UploadInterruptedError,
    VersionSkewWarning,
    WaitTimeoutError,
    WebhookSignatureError,
)

__version__ = VERSION

__all__ = [
    "APIConnectionError",
    "APIResponseError",
    "APIStatusError",
    "APITimeoutError",
    "Artifact",
    "AsyncArtifact",
    "AsyncClient",
    "AsyncFront",
    "AsyncFrontPoint",
    "AsyncSearch",
    "AuthenticationError",
    "BadRequestError",
    "BitparetoError",
    "Client",
    "ConflictError",
    "DeclarationError",
    "DeliveryFailedError",
    "DownloadError",
    "Front",
    "FrontPoint",
    "InvalidRequestError",
    "MissingExtraError",
    "NoPointError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "Search",
    "SearchFailedError",
    "ServerError",
    "SizeError",
    "UploadInterruptedError",
    "VersionSkewWarning",
    "WaitTimeoutError",
    "WebhookSignatureError",
    "__version__",
    "webhooks",
]
