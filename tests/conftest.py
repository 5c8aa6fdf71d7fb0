"""What holds for every test: hypothesis judges values, not the speed of a busy machine."""

from __future__ import annotations

from contextlib import suppress

with suppress(ImportError):  # the environments of other SDKs have no hypothesis
    from hypothesis import settings

    settings.register_profile("values", deadline=None)
    settings.load_profile("values")
