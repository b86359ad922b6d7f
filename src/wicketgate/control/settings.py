"""What the supervisor tells the control plane on its command line. No secret is among it."""

from __future__ import annotations

import argparse
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wicketgate.supervise.run_directory import RunDirectory


@dataclass(frozen=True, slots=True)
class Sockets:
    """Inherited from the supervisor, already listening; `channel` is the line to it."""

    xds: socket.socket
    secrets: socket.socket
    control: socket.socket
    private: socket.socket
    channel: socket.socket

    @classmethod
    def inherited(cls, descriptors: str) -> Sockets:
        """Take over `XDS,SECRETS,CONTROL,PRIVATE,CHANNEL`."""
        return cls(*(socket.socket(fileno=int(number)) for number in descriptors.split(",")))


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """`resume` begins with the last good version, which the Envoy that still runs may hold."""

    project: Path
    environment: str
    state: Path
    run: RunDirectory
    listen: tuple[str, ...]
    watch: bool
    resume: bool
    descriptors: str


def parse_arguments(arguments: Sequence[str]) -> ControlSettings:
    parser = argparse.ArgumentParser(prog="wicketgate.control", description="Started by `wicket run`.")
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--sockets", required=True)
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--listen", action="append", default=[])
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    run = RunDirectory.of(given.project, given.state_dir)
    return ControlSettings(
        project=given.project,
        environment=given.environment,
        state=run.path.parent,
        run=run,
        listen=tuple(given.listen),
        watch=given.watch,
        resume=given.resume,
        descriptors=given.sockets,
    )
