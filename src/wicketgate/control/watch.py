"""`wicket dev`: the project folder is watched, and each change becomes live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import DefaultFilter, awatch

_DEBOUNCE_MS = 40
_STEP_MS = 10


async def changes(project: Path) -> AsyncIterator[None]:
    """Yield once for each burst of changes below `project`, until cancelled."""
    async for _ in awatch(
        project,
        watch_filter=DefaultFilter(ignore_paths=[project / ".wicket"]),
        debounce=_DEBOUNCE_MS,
        step=_STEP_MS,
        rust_timeout=1000,
    ):
        yield
