"""What a source of credentials is: the kind of credential that it serves, and how one is obtained."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, ParamSpec, Protocol, TypeVar

from wicketgate.broker.threads import Threads
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.secrets import TextSecret
from wicketgate.secret_value import SecretValue

C = TypeVar("C", bound=Credential)
P = ParamSpec("P")
T = TypeVar("T")

SHORT = 60.0
"""Seconds that a value lives whose provider does not say how long."""


@dataclass(frozen=True, slots=True)
class Obtained:
    """A value and its end in unix seconds. For signing keys the value is the JSON object that AWS STS calls
    `Credentials`, with `AccessKeyId`, `SecretAccessKey` and perhaps `SessionToken`. `made_of` is a digest of what it is
    made of, for whoever keeps it; sources leave it alone."""

    value: SecretValue = field(repr=False)
    expires_at: float
    made_of: bytes = field(default=b"", repr=False)


class ProviderError(WicketError):
    """A provider gave nothing. `message` holds its own words (error code and description), and never a value.

    `retry_after` are the seconds for which it wants to be left alone. `final` says that asking again changes nothing
    before somebody changes the configuration (a wrong client id, trust removed); it is asked again all the same, at
    the longest back-off.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None, final: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.final = final


class Texts(Protocol):
    """Resolves what the user wrote with variables in it."""

    def text(self, secret: TextSecret) -> SecretValue:
        """Return the text with the values of its variables. Raises `WicketError` for one that is not set."""


class Assertions(Protocol):
    """The gateway as an OIDC issuer, seen from within."""

    def sign(self, *, audience: str, subject: str, life: float, claims: dict[str, object]) -> Obtained:
        """Return a JWT of the gateway's own for one origin, the `subject`, that lives `life` seconds; 0 is the issuer's
        default. Raises `WicketError` when no issuer is configured."""


class NoIssuer:
    """Stands where no issuer is configured."""

    def sign(self, **_: object) -> Obtained:
        raise WicketError("no issuer is configured", hint="write `[issuer]` with a `url` into wicket.toml")


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A certificate that we show, the chain and its key, both PEM."""

    chain: str
    key: SecretValue = field(repr=False)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What sources may use. `roots` is the PEM file of the system's certificate authorities. `key_pair` finds a
    certificate by name and raises `WicketError` where there is none. `project` is the folder to which file names are
    relative. `platform` is the environment of the process, in which a platform tells its machines where to ask;
    `provider` is who is asked (`Credential.asked`)."""

    texts: Texts
    assertions: Assertions
    key_pair: Callable[[str], ShownPair]
    roots: Path
    clock: Callable[[], float]
    project: Path = Path()
    platform: Mapping[str, str] = field(default_factory=dict, repr=False)
    threads: Threads = field(default_factory=Threads, repr=False)
    provider: str = ""

    async def in_thread(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run what blocks outside of the event loop, with as few beside it as the provider takes at once."""
        return await self.threads.run(self.provider, function, *arguments, **named)


Obtain = Callable[[], Awaitable[Obtained]]
"""Asks the provider once. Raises `ProviderError`, or another `WicketError` for what is not set up."""


@dataclass(frozen=True, slots=True)
class Source(Generic[C]):
    """Serves one class of credential. `open` looks at nothing and asks nobody."""

    credential: type[C]
    open: Callable[[C, str, Surroundings], Obtain]
    """From the credential, its destination and the surroundings."""
