"""The job that every peer gets: the same routes, the same secret, the same origin."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

HEADER = "backend-secret"
AUTHORIZATION = "authorization"
CLIENT = "bench"
"""Who asks the provider of tokens."""
KEY_ID = "AKIDBENCH"
"""The key that requests are signed with; its secret is the job's."""
SIGNING_SERVICE, SIGNING_REGION = "bench", "local"
ORIGIN_BODY = b"served\n"
NEXT_BODY = b"served with the next secret\n"
_PER_SERVICE = 50


@dataclass(frozen=True, slots=True)
class Route:
    """`/SERVICE/RESOURCE/{id}` or, with `nested`, `/SERVICE/RESOURCE/{id}/items/{item}`."""

    service: str
    resource: str
    nested: bool

    @property
    def literal(self) -> str:
        """The part before the first parameter; no two routes share it."""
        return f"/{self.service}/{self.resource}/"

    @property
    def template(self) -> str:
        return self.literal + ("{id}/items/{item}" if self.nested else "{id}")

    def path(self, number: int) -> str:
        return self.literal + (f"{number}/items/{number + 1}" if self.nested else str(number))


@dataclass(frozen=True, slots=True)
class ClientTLS:
    """How a peer reaches the origin by mutual TLS: whom it trusts for which name, and what it shows. Files in PEM."""

    name: str
    authority: Path
    certificate: Path
    key: Path


class Proof(Enum):
    """How a peer proves itself to the origin."""

    SECRET = auto()
    """The secret in a header of its own."""
    TOKEN = auto()
    """The secret as a bearer token; Wicketgate gets it from a provider."""
    SIGNATURE = auto()
    """A signature over each request (SigV4), with the secret as the key."""


@dataclass(frozen=True, slots=True)
class Job:
    """`folder` is private to one peer; what it holds of the secret is readable by this user alone.

    Without `tls` the origin is reached in clear text. `provider` is where tokens are given.
    """

    routes: tuple[Route, ...]
    origin_port: int
    secret: str = field(repr=False)
    folder: Path
    core: int
    tls: ClientTLS | None = None
    proof: Proof = Proof.SECRET
    provider: str = ""

    @property
    def header(self) -> str:
        """Where the proof stands."""
        return HEADER if self.proof is Proof.SECRET else AUTHORIZATION

    def write(self, name: str, text: str) -> Path:
        """Write a file of the peer's configuration with mode 0600."""
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path


def make_routes(count: int, *, seed: int) -> tuple[Route, ...]:
    """Return `count` routes, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - shapes of paths, not secrets
    return tuple(
        Route(f"svc{i // _PER_SERVICE:03d}", f"res{i % _PER_SERVICE:02d}", chance.random() < 0.5) for i in range(count)
    )


def sample_paths(routes: Sequence[Route], *, seed: int, most: int = 1000) -> tuple[str, ...]:
    """Return one path for each of at most `most` routes, drawn evenly and shuffled."""
    chance = random.Random(seed)  # noqa: S311
    drawn = chance.sample(list(routes), min(most, len(routes)))
    return tuple(route.path(chance.randrange(1, 100_000)) for route in drawn)
