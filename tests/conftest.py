"""Settings every test shares."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from hypothesis import settings

# torch's first call is slow, so a deadline would fail the first example of every property
settings.register_profile("bitpareto", deadline=None, max_examples=50)
settings.load_profile("bitpareto")
