"""Settings every test shares."""

import os
import tempfile

os.environ.setdefault("OMP_NUM_THREADS", "1")
# the PostgreSQL package looks for it at import; containers often have none
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="bitpareto-tests-"))

from hypothesis import settings

# torch's first call is slow, so a deadline would fail the first example of every property
settings.register_profile("bitpareto", deadline=None, max_examples=50)
settings.load_profile("bitpareto")
