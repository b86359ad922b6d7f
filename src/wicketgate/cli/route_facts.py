"""A route in words, for `routes` and `explain`: what it does, never a value that is secret."""

from __future__ import annotations

from collections.abc import Iterator

from wicketgate.ir.gateway import Action, AppendPath, Forward, Redirect, Respond, Route
from wicketgate.ir.origin import (
    HeaderProof,
    Link,
    MutualTLS,
    NamedAuthority,
    Origin,
    PinnedServer,
    Plaintext,
    Proof,
    QueryProof,
    SignatureProof,
    SystemRoots,
    TokenProof,
    UnverifiedTLS,
    VerifiedTLS,
)
from wicketgate.ir.secrets import PrivateAuthority, TextSecret
from wicketgate.ir.steps import (
    ClearHeaders,
    LimitRequestSize,
    OutboundStep,
    RemoveHeader,
    RemoveQuery,
    RequestFilterStep,
    RequireClientCertificate,
    SetHeader,
    SetQuery,
    SetStatus,
)
from wicketgate.ir.template import Env, Header, Inserted, Param, Query, Source, Template


def action_words(action: Action) -> str:
    """Say where a request goes, such as `forward http://10.0.0.5:9000`."""
    match action:
        case Forward():
            return f"forward {forward_target(action)}"
        case Redirect():
            return f"redirect {action.status} {action.location}"
        case Respond():
            return f"respond {action.status} {action.content_type}"


def forward_target(action: Forward) -> str:
    """Return the URL that a request goes to, with what the request fills in still in `${…}`."""
    path = action.path
    base = origin_url(action.upstream.origin)
    if isinstance(path, AppendPath):
        return f"{base}{path.prefix}"
    return base + template_words(path.template)


def origin_url(origin: Origin) -> str:
    scheme = "http" if isinstance(origin.link, Plaintext) else "https"
    return f"{scheme}://{origin.authority}"


def link_words(link: Link) -> str:
    match link:
        case VerifiedTLS():
            return f"TLS, {_server_words(link)}"
        case MutualTLS(server, identity):
            return f"mutual TLS, {_server_words(server)}, as {identity.name}"
        case UnverifiedTLS(reason):
            return f"TLS, not verified ({reason})"
        case Plaintext():
            return f"plaintext ({link.reason})" if link.reason else "plaintext"


def _server_words(server: VerifiedTLS) -> str:
    match server.trust:
        case SystemRoots():
            return f"verified as {server.name.text}"
        case NamedAuthority(source):
            by = "the private authority" if isinstance(source, PrivateAuthority) else source.name
            return f"verified as {server.name.text} by {by}"
        case PinnedServer():
            return "verified by its key"


def proof_words(proof: Proof) -> str:
    """Name the place and the variables of a proof; the value stays out."""
    match proof:
        case HeaderProof(header, secret):
            return f"shared secret in header {header}, from {_variables(secret)}"
        case QueryProof(parameter, secret):
            return f"shared secret in query parameter {parameter}, from {_variables(secret)}"
        case TokenProof(header, token):
            return f"{token.use.credential.kind} token in header {header}, for {token.use.destination}"
        case SignatureProof(keys, signing):
            return f"{signing.algorithm} signature for {signing.service} with {keys.credential.kind} keys"


def _variables(secret: TextSecret) -> str:
    return ", ".join(secret.variables)


def proofs_of(route: Route) -> tuple[Proof, ...]:
    return route.action.upstream.proofs if isinstance(route.action, Forward) else ()


def posture(route: Route) -> str:
    """Say how the origin knows the gateway: `mutual`, `token`, `secret`, `open`, or `-` for a route without one."""
    if not isinstance(route.action, Forward):
        return "-"
    if isinstance(route.action.upstream.origin.link, MutualTLS):
        return "mutual"
    proofs = proofs_of(route)
    if any(isinstance(proof, TokenProof | SignatureProof) for proof in proofs):
        return "token"
    return "secret" if proofs else "open"


def step_words(step: RequestFilterStep | OutboundStep) -> str:
    """Say what one step does to the request or the response."""
    match step:
        case SetHeader():
            return f"set header {step.name}{_unless(step.overwrite)}"
        case RemoveHeader():
            return f"remove header {step.name}"
        case ClearHeaders():
            return "remove all headers" + (f" but {', '.join(step.keep)}" if step.keep else "")
        case SetQuery():
            return f"set query parameter {step.name}{_unless(step.overwrite)}"
        case RemoveQuery():
            return f"remove query parameter {step.name}"
        case LimitRequestSize():
            return f"refuse bodies above {step.max_bytes} bytes"
        case RequireClientCertificate():
            return f"{'note' if step.optional else 'require'} a client certificate{_issued_by(step)}"
        case SetStatus():
            return f"set status {step.status}"


def _issued_by(step: RequireClientCertificate) -> str:
    return f" issued by {step.issuer}" if step.issuer else ""


def _unless(overwrite: bool) -> str:
    return "" if overwrite else " if it is missing"


def template_words(template: Template) -> str:
    return "".join(_template_words(template))


def _template_words(template: Template) -> Iterator[str]:
    for part in template:
        if isinstance(part, Inserted):
            name = _source_words(part.source)
            yield f"${{e({name})}}" if part.encoded else f"${{{name}}}"
        else:
            yield part


def _source_words(source: Source) -> str:
    match source:
        case Param():
            return f"params.{source.name}"
        case Query():
            return f"query.{source.name}"
        case Header():
            return f'headers.get("{source.name}")'
        case Env():
            return f"env.{source.name}"
        case _:
            return source.value
