"""Settings every test shares."""

import logging
import os
import tempfile
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")
# the PostgreSQL package looks for it at import; containers often have none
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="bitpareto-tests-"))

import pytest
from hypothesis import settings

# torch's first call is slow, so a deadline would fail the first example of every property
settings.register_profile("bitpareto", deadline=None, max_examples=50)
settings.load_profile("bitpareto")


@pytest.fixture(autouse=True)
def no_handler_left_behind() -> Iterator[None]:
    """Take off the root logger what a test's code left there: it writes to a closed stream."""
    yield
    root = logging.getLogger()
    # pytest's own handlers are of other classes
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(handler)
