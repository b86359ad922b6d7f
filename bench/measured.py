"""What a run leaves: plain records, kept as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

HTTP1, HTTP2 = "HTTP/1.1", "HTTP/2"
MUTUAL_KEPT, MUTUAL_FRESH = "mTLS to the origin, connections kept alive", "mTLS to the origin, a handshake each"
TOKEN, SIGNED = "a brokered token", "requests signed with SigV4"
PROTOCOLS = (HTTP1, HTTP2, MUTUAL_KEPT, MUTUAL_FRESH, TOKEN, SIGNED)
"""What is measured, in this order; in front of the last four is HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One load run. `cpu` is microseconds of CPU time a request by program; `busy` the share of the core used.

    `connections` are those that the origin accepted meanwhile, where it counts them.
    """

    peer: str
    protocol: str
    routes: int
    round: int
    requests: int
    rate: float
    p50: float
    p99: float
    cpu: dict[str, float]
    busy: float
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one program of a peer, `when` "idle" (started, verified), "loaded" (after the runs) or "certificates" or
    "tokens" (`routes` of them, each with its own)."""

    peer: str
    routes: int
    program: str
    when: str
    resident: int
    proportional: int


@dataclass(frozen=True, slots=True)
class Timing:
    """One wait of Wicketgate's, in milliseconds."""

    what: str
    routes: int
    milliseconds: float


@dataclass(slots=True)
class Measured:
    """Everything of one run."""

    machine: dict[str, str]
    method: dict[str, str]
    versions: dict[str, str]
    routing: dict[str, dict[str, str]]
    samples: list[Sample] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def keep(self, one: Timing | Memory) -> None:
        if isinstance(one, Timing):
            self.timings.append(one)
        else:
            self.memory.append(one)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Measured:
        """Read what `save` wrote, so that the page can be written anew without a run."""
        data = json.loads(path.read_text())
        samples = [Sample(**item) for item in data.pop("samples")]
        memory = [Memory(**item) for item in data.pop("memory")]
        timings = [Timing(**item) for item in data.pop("timings")]
        return cls(**data, samples=samples, memory=memory, timings=timings)
