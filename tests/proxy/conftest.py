"""A project whose routes are set per test, an origin that records, and the real Envoy between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import Gateway, serving
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, write_project

Serve = Callable[..., Gateway]


@pytest.fixture
def origin() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path, origin: RecordingOrigin) -> Iterator[Serve]:
    """Serve paths (path -> method -> operation); `ORIGIN` and `SECRET` are set."""
    with ExitStack() as stack:

        def start(paths: dict[str, Any], **project: Any) -> Gateway:
            folder = write_project(tmp_path / "project", paths, **project)
            variables = {"ORIGIN": origin.url, "SECRET": "the-one-genuine-secret"}
            return stack.enter_context(serving(folder, tmp_path, variables))

        yield start


def forward(
    base_url: str = "${env.ORIGIN}", *, inbound: Any = (), outbound: Any = (), cors: str = "none", **options: Any
) -> Any:
    """An operation that forwards to the recording origin."""
    chosen = handler("urlForwardHandler", baseUrl=base_url, **options)
    return operation(chosen, inbound=inbound, outbound=outbound, cors=cors)


def rewrite(pattern: str, **options: Any) -> Any:
    """An operation that rewrites; the pattern starts behind the origin."""
    return operation(handler("urlRewriteHandler", rewritePattern="${env.ORIGIN}" + pattern, **options))
