"""A whole project becomes a `GatewayIR`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from wicketgate.diagnostics import Diagnostics
from wicketgate.ir.gateway import Cors, Edge, Forward, GatewayIR, Route
from wicketgate.ir.origin import HeaderProof, Proof, SignatureProof, TokenProof
from wicketgate.lower.cors import ANYTHING_GOES, lower_cors
from wicketgate.lower.credential_checks import CredentialTable
from wicketgate.lower.listeners import ListenerLowering
from wicketgate.lower.proofs import SIGNATURE_HEADERS
from wicketgate.lower.route import RouteLowering, Tables
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.resolve.origins import origin_table
from wicketgate.resolve.policies import PolicyTable
from wicketgate.spec.installation import Installation
from wicketgate.spec.openapi import Operation
from wicketgate.spec.project import ProjectSpec
from wicketgate.spec.variables import Secrecy, VariableScope

CALLER_CREDENTIALS = frozenset(("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "apikey"))
"""Headers in which callers prove who *they* are. An origin's proof may use one too: then it replaces the caller's on
the routes that have the proof, and other routes still get the caller's own."""


def lower_project(
    spec: ProjectSpec,
    installation: Installation,
    scope: VariableScope,
    certificates: CertificateTable,
    diagnostics: Diagnostics,
) -> GatewayIR:
    """Meet all names and lower all routes; report what cannot be."""
    tables = _tables(spec, installation, scope, certificates, diagnostics)
    routes = tuple(_routes(spec.operations, tables, diagnostics))
    _check_exposure(scope, spec, diagnostics)
    proven_in = proof_headers(routes)
    listeners = ListenerLowering(installation, spec.documents, certificates, diagnostics)
    return GatewayIR(
        listeners=listeners.lower(routes),
        edge=_edge(installation, spec.documents.folder),
        routes=routes,
        proof_headers=proven_in,
        reserved_headers=tuple(name for name in proven_in if name not in CALLER_CREDENTIALS),
    )


def proof_headers(routes: tuple[Route, ...]) -> tuple[str, ...]:
    """Return the names in which origins get a proof, sorted."""
    upstreams = {route.action.upstream for route in routes if isinstance(route.action, Forward)}
    proofs = (proof for upstream in upstreams for proof in upstream.proofs)
    return tuple(sorted({name for proof in proofs for name in _headers(proof)}))


def _headers(proof: Proof) -> tuple[str, ...]:
    match proof:
        case HeaderProof(header) | TokenProof(header):
            return (header,)
        case SignatureProof():
            return SIGNATURE_HEADERS
        case _:
            return ()


def _tables(
    spec: ProjectSpec,
    installation: Installation,
    scope: VariableScope,
    certificates: CertificateTable,
    diagnostics: Diagnostics,
) -> Tables:
    policies = PolicyTable({entry.value.name: entry for entry in spec.policies}, scope, diagnostics)
    policies.resolve_all()
    return Tables(
        policies=policies,
        origins=origin_table(spec.origins, spec.networks, certificates, diagnostics),
        cors=_cors(spec, diagnostics),
        api_documents={document.file: document.value for document in spec.documents.routes},
        scope=scope,
        credentials=CredentialTable(certificates, installation.issuer.algorithm if installation.issuer else None),
    )


def _cors(spec: ProjectSpec, diagnostics: Diagnostics) -> Mapping[str, Cors | None]:
    named = {entry.value.name: lower_cors(entry, diagnostics) for entry in spec.cors_policies}
    return {"none": None, "anything-goes": ANYTHING_GOES, **named}


def _routes(operations: tuple[Operation, ...], tables: Tables, diagnostics: Diagnostics) -> Iterator[Route]:
    first: dict[tuple[str, str], Operation] = {}
    for operation in operations:
        earlier = first.setdefault((operation.method, operation.pattern.shape), operation)
        if earlier is not operation:
            _report_duplicate(operation, earlier, diagnostics)
        route = RouteLowering(operation, tables, diagnostics).lower()
        if route is not None:
            yield route


def _report_duplicate(operation: Operation, earlier: Operation, diagnostics: Diagnostics) -> None:
    place = earlier.document.span(earlier.pointer[:-1], key=True)
    diagnostics.error(
        "duplicate-route",
        operation.document.span(operation.pointer[:-1], key=True),
        f"{operation.method} {operation.pattern.text} is already served by {place}",
        hint="the first would always answer: remove one, or give it another path",
    )


def _check_exposure(scope: VariableScope, spec: ProjectSpec, diagnostics: Diagnostics) -> None:
    """A variable of unknown confidentiality that is a proof somewhere must not stand in a URL elsewhere."""
    for name in sorted(scope.confidential & scope.exposed):
        variable = scope.variables.lookup(name)
        if variable is not None and variable.secrecy is not Secrecy.PLAIN:
            document = spec.documents.policies or spec.documents.routes[0]
            diagnostics.error(
                "secret-exposed",
                document.span(),
                f"`{name}` is sent as a secret in one place and stands readable in another",
                hint=f"use two variables, or mark it public: `wicket env set {name} --plain`",
            )


def _edge(installation: Installation, folder: Path) -> Edge:
    limits, access = installation.limits, installation.log.access
    return Edge(
        connections=limits.connections,
        request_headers_kb=limits.request_headers_kb,
        header_timeout=limits.header_timeout,
        idle_timeout=limits.idle_timeout,
        access_log=access if access in ("stdout", "stderr", "off") else str(folder.absolute() / access),
    )
