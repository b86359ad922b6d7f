"""The gateway: listeners and routes, frozen, without a secret and without Envoy."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product

from wicketgate.ir.invocation import Invocation
from wicketgate.ir.origin import Upstream
from wicketgate.ir.path_pattern import Edges, PathPattern
from wicketgate.ir.secrets import ClientAuthorities, IdentitySource
from wicketgate.ir.steps import OutboundStep, RequestFilterStep
from wicketgate.ir.template import Inserted, Param, Template, TemplatePart

METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH"))
"""What a route may answer. TRACE is an operation of OpenAPI too, but would hand secrets back to whoever asks."""


_MOST_CHOICES = 4096


@dataclass(frozen=True, slots=True)
class AppendPath:
    """The caller's path behind `prefix` (which has no slash at its end)."""

    prefix: str
    forward_search: bool = True


@dataclass(frozen=True, slots=True)
class TemplatePath:
    """Path and query from a template that starts with a slash."""

    template: Template
    forward_search: bool = True
    edges: Edges = ()
    """Of parameters, where a program can take care of the empty segments that they would leave."""

    @property
    def is_plain(self) -> bool:
        """Whether the router alone can make the path: nothing is left to be taken care of."""
        return self.only_moves and (self.has_empty_segment or not may_have_empty_segment(self.template, self.edges))

    @property
    def only_moves(self) -> bool:
        """Whether it only moves parameters about: no query of its own, the caller's kept, nothing encoded."""
        return self.forward_search and all(map(_is_plain, self.template))

    @property
    def has_empty_segment(self) -> bool:
        """Whether it is written with one."""
        return may_have_empty_segment(self.template, ())


def may_have_empty_segment(template: Template, edges: Edges) -> bool:
    """Tell whether the path has one with some choice of the texts that parameters can be."""
    choices = [(part,) if isinstance(part, str) else _texts(part, edges) for part in template]
    urls = map("".join, islice(product(*choices), _MOST_CHOICES))
    return any("//" in url.partition("?")[0] for url in urls)


def _texts(part: Inserted, edges: Edges) -> tuple[str, ...]:
    return dict(edges).get(part.source.name, ("x",)) if isinstance(part.source, Param) else ("x",)


def _is_plain(part: TemplatePart) -> bool:
    if isinstance(part, str):
        return "?" not in part
    return isinstance(part.source, Param) and not part.encoded


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the request to an origin and its answer back."""

    upstream: Upstream
    path: AppendPath | TemplatePath
    follow_redirects: bool = False
    invocation: Invocation | None = None
    """With one, the upstream is Lambda, and the request goes inside an event."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer with a `Location`."""

    location: str
    status: int


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer with a fixed body."""

    status: int
    content_type: str
    body: str


Action = Forward | Redirect | Respond


@dataclass(frozen=True, slots=True)
class Cors:
    """What browsers may do. An origin may hold one `*` that stands for one label; `*` alone is any origin."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...] = ()
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. `policies` are the names the user wrote, for people; the steps are what they do."""

    name: str
    method: str
    pattern: PathPattern
    action: Action
    inbound: tuple[RequestFilterStep, ...]
    outbound: tuple[OutboundStep, ...]
    cors: Cors | None
    inbound_policies: tuple[str, ...]
    outbound_policies: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class ServerTLS:
    """TLS towards callers. The name that a caller asks for chooses among `certificates`; the first is for the rest."""

    certificates: tuple[IdentitySource, ...]
    clients: ClientAuthorities | None = None
    """Those who vouch for callers; with them callers are asked for a certificate."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An address for callers; without `tls` it is plain."""

    host: str
    port: int
    tls: ServerTLS | None
    http3: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """What holds for every caller; seconds and bytes."""

    connections: int
    request_headers_kb: int
    header_timeout: float
    idle_timeout: float
    access_log: str
    """`stdout`, `stderr`, `off` or an absolute path."""


@dataclass(frozen=True, slots=True)
class GatewayIR:
    """All of it. Routes stand in document order: the first that matches answers."""

    listeners: tuple[Listener, ...]
    edge: Edge
    routes: tuple[Route, ...]
    proof_headers: tuple[str, ...]
    """Names in which origins get a proof, sorted."""
    reserved_headers: tuple[str, ...]
    """Those of them that only the gateway may send; a caller's copy never passes, on any route."""
