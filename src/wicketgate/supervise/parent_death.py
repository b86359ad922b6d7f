"""A child process that does not outlive its parent, however that one ends: prctl(2), PR_SET_PDEATHSIG.

Envoy sees to it by itself only when it may hot-restart. One that nobody supervises would serve its last version for
ever, on ports that the next gateway needs.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_SET_PARENT_DEATH_SIGNAL = 1
_libc = ctypes.CDLL(None)


def ending_with(parent: int) -> Callable[[], None]:
    """Return what the child has to run before its program: SIGTERM comes once `parent` (a pid) has ended."""

    def prepare() -> None:
        _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        # The parent may have ended between fork and prctl: then no signal would ever come.
        if os.getppid() != parent:
            os._exit(0)

    return prepare
