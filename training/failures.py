"""Library errors that are outcomes of a trial, translated once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from quantization.errors import ArtifactError, FixedPointError
from search.errors import ArtifactMismatchError, DivergedError, OutOfMemoryError

_CPU_MESSAGES: Final = ("can't allocate memory", "not enough memory")
"""torch raises a bare ``RuntimeError`` when main memory ends; only its words tell."""


@contextmanager
def typed_failures() -> Iterator[None]:
    """Raise the domain's error where torch or packing ends a trial; pass on everything else.

    Raises:
        OutOfMemoryError: If device or main memory ran out.
        DivergedError: If a number is too large to store, or not finite.
        ArtifactMismatchError: If the packed network breaks a rule of the file format.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemoryError(str(error) or "main memory ran out") from error
    except FixedPointError as error:
        raise DivergedError(str(error)) from error
    except ArtifactError as error:
        raise ArtifactMismatchError(str(error)) from error
    except RuntimeError as error:
        if any(words in str(error) for words in _CPU_MESSAGES):
            raise OutOfMemoryError(str(error)) from error
        raise
