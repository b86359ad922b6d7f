"""The demo itself: set the stage, try everything, say what was found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wicketgate.demo.attempts import Finding, Target, attempts, judge
from wicketgate.demo.processes import child_environment, gateway, private_folder, sample_origin
from wicketgate.demo.quickstart import create_project, new_secret
from wicketgate.demo.raw_http import exchange

PATH = "/orders"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything runs; `project` and the secret are gone when the demo ends."""

    project: Path
    origin: tuple[str, int]
    gateway: tuple[str, int]


@contextmanager
def set_stage(environ: Mapping[str, str]) -> Iterator[Stage]:
    """Start the guarded origin and the gateway on a fresh copy of the quickstart, with a secret made now.

    Raises `WicketError` if one of them does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wicket-demo-")))
        secret = new_secret()
        secret_file = private_folder(folder / "origin") / "secret"
        secret_file.touch(mode=0o600)
        secret_file.write_text(secret.reveal())
        clean = child_environment(environ)
        origin = stack.enter_context(sample_origin(secret_file, clean, log=folder / "origin.log"))
        project = private_folder(folder / "quickstart")
        create_project(project, secret=secret, origin_url=url_of(origin))
        address = stack.enter_context(gateway(project, clean, log=folder / "gateway.log"))
        yield Stage(project, origin, address)


def find(stage: Stage) -> Iterator[Finding]:
    """Make every attempt, one after the other."""
    for attempt in attempts():
        address = stage.origin if attempt.target is Target.ORIGIN else stage.gateway
        answer = exchange(address, method=attempt.method, path=PATH, lines=attempt.lines, body=attempt.body)
        yield judge(attempt, answer)


def url_of(address: tuple[str, int]) -> str:
    host, port = address
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
