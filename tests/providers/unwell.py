"""Providers that are no good: one that takes connections and never answers, and one that has gone."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wicketgate.broker import provider_http


@contextmanager
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the authority of one that never answers, with patience for it cut short."""
    monkeypatch.setattr(provider_http, "_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def gone() -> str:
    """Return the authority of one that takes no connection."""
    with socket.create_server(("127.0.0.1", 0)) as closing:
        return f"127.0.0.1:{closing.getsockname()[1]}"
