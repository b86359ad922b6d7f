"""What a peer is."""

from __future__ import annotations

from typing import Protocol

from bench.job import Job
from bench.processes import Server


class Peer(Protocol):
    """One server that can do the job."""

    @property
    def name(self) -> str: ...

    def version(self) -> str: ...

    def routing(self, count: int) -> str:
        """Say how `count` routes are written for it."""
        ...

    def start(self, job: Job) -> Server:
        """Write the configuration and start the server; it may not serve yet."""
        ...
