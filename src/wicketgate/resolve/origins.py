"""Origins by name, by URL, and by being written into a route."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from wicketgate.diagnostics import Diagnostics, Span, nearest
from wicketgate.ir import origin as ir
from wicketgate.resolve.authority import Authority, AuthorityError, check_path, split_host_port, split_url
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.resolve.links import (
    WRITTEN,
    declared_link,
    plain_link,
    verified_link,
    warn_unverified,
    with_identity,
)
from wicketgate.spec.located import Located
from wicketgate.spec.origins_file import Network, Origin, Retries


@dataclass(slots=True)
class OriginTable:
    """The origins of a project. A URL that none of them has makes an origin of its own."""

    by_name: dict[str, tuple[ir.Origin, str]] = field(default_factory=dict)
    """Origin and the path of its URL."""
    by_authority: dict[Authority, ir.Origin] = field(default_factory=dict)
    networks: tuple[Network, ...] = ()
    certificates: CertificateTable = field(default_factory=CertificateTable)
    warned: set[ir.Origin] = field(default_factory=set)
    """Origins whose plain link the user has been told of: once is enough, however many routes lead there."""

    def named(self, name: str) -> tuple[ir.Origin, str]:
        """Return the origin of `origins.json`. Raises `AuthorityError` for a name that is none."""
        if name not in self.by_name:
            hint = nearest(name, self.by_name) or "declare it in config/origins.json"
            raise AuthorityError("unknown-origin", f"there is no origin `{name}`", hint)
        return self.by_name[name]

    def at(self, authority: Authority) -> ir.Origin:
        """Return the origin at a URL's authority."""
        if authority not in self.by_authority:
            self.by_authority[authority] = ir.Origin(
                name=authority.url,
                authority=str(authority),
                endpoints=(ir.Endpoint(authority.host, authority.port),),
                link=_link(authority, private=is_private(authority, self.networks)),
            )
        return self.by_authority[authority]


def origin_table(
    origins: Iterable[Located[Origin]],
    networks: tuple[Network, ...],
    certificates: CertificateTable,
    diagnostics: Diagnostics,
) -> OriginTable:
    """Resolve `origins.json`; report what does not hold together."""
    table = OriginTable(networks=networks, certificates=certificates)
    for located in origins:
        try:
            authority, path = split_url(located.value.url)
            check_base_path(path)
        except AuthorityError as error:
            diagnostics.error(error.code, located.span("url"), error.message, hint=error.hint)
            continue
        origin = _origin(located, authority, table, diagnostics)
        if origin is not None:
            table.by_name[origin.name] = (origin, path)
            table.by_authority.setdefault(authority, origin)
            warn_plaintext(origin, partial(located.span, "url"), diagnostics)
            warn_unverified(origin, partial(located.span, "tls", "unverified"), diagnostics)
            table.warned.add(origin)
    return table


def check_base_path(path: str) -> None:
    """Check the path of an origin's URL. Raises `AuthorityError`."""
    check_path(path)
    if "?" in path or "#" in path:
        hint = "leave it out; set-query-params-inbound adds parameters"
        raise AuthorityError("base-url-query", "an origin's URL has no query and no fragment", hint)
    if path and not path.startswith("/"):
        raise AuthorityError("not-a-url", "this is not a URL", "write https://HOST[:PORT][/PATH]")


def is_private(authority: Authority, networks: Iterable[Network]) -> bool:
    """Tell whether plain http to the authority stays where the operator said it may."""
    address = authority.address
    return authority.is_loopback or any(
        address in ipaddress.ip_network(text) for network in networks for text in network.addresses if address
    )


def warn_plaintext(origin: ir.Origin, at: Callable[[], Span], diagnostics: Diagnostics) -> None:
    """Tell the user that a link is readable on its way, unless it stays in a private place."""
    if isinstance(origin.link, ir.Plaintext) and origin.link.reason == WRITTEN:
        diagnostics.warning(
            "plaintext-origin",
            at(),
            f"`http://{origin.authority}` is not encrypted: whoever sits between reads the secret",
            hint="use https://, or declare the private network in config/origins.json",
        )


def _link(authority: Authority, *, private: bool) -> ir.Link:
    return verified_link(authority) if authority.scheme == "https" else plain_link(private=private)


def _origin(
    located: Located[Origin], authority: Authority, table: OriginTable, diagnostics: Diagnostics
) -> ir.Origin | None:
    spec = located.value
    _check_network(located, table.networks, diagnostics)
    if spec.protocol == "auto" and authority.scheme == "http":
        diagnostics.error(
            "wrong-value",
            located.span("protocol"),
            "`auto` needs https://: plain http has no negotiation",
            hint="use http1 or http2",
        )
    endpoints = _endpoints(located, authority, diagnostics)
    link = _declared_link(located, authority, table, diagnostics)
    if endpoints is None or link is None:
        return None
    return ir.Origin(
        name=spec.name,
        authority=str(authority),
        endpoints=endpoints,
        link=link,
        protocol=ir.Protocol(spec.protocol),
        connect_timeout=spec.connect_timeout,
        connection_age=spec.connection_age,
        timeout=spec.timeout,
        idle_timeout=spec.idle_timeout,
        retries=_retries(spec.retries),
        circuit_limits=ir.CircuitLimits(**spec.circuit_limits.model_dump()),
        passive_health=_passive_health(spec),
    )


def _check_network(located: Located[Origin], networks: tuple[Network, ...], diagnostics: Diagnostics) -> None:
    name, known = located.value.network, {network.name for network in networks}
    if name is not None and name not in known:
        diagnostics.error(
            "unknown-network",
            located.span("network"),
            f"there is no network `{name}`",
            hint=nearest(name, known) or "declare it under `networks`",
        )


def _declared_link(
    located: Located[Origin], authority: Authority, table: OriginTable, diagnostics: Diagnostics
) -> ir.Link | None:
    """Return the link, or None after an error: an origin whose TLS is not right is no origin."""
    spec = located.value
    below: tuple[str, ...] = ("tls", "ca") if spec.tls is not None and "ca" in spec.tls.model_fields_set else ("tls",)
    try:
        link = _server_link(spec, authority, table)
        if spec.mtls_certificate is not None:
            below = ("mtlsCertificate",)
            link = with_identity(link, table.certificates.identity(spec.mtls_certificate))
    except AuthorityError as error:
        diagnostics.error(error.code, located.span(*below), error.message, hint=error.hint)
        return None
    return link


def _server_link(spec: Origin, authority: Authority, table: OriginTable) -> ir.Link:
    if spec.tls is None:
        return _link(authority, private=spec.network is not None or is_private(authority, table.networks))
    if authority.scheme != "https":
        raise AuthorityError(
            "tls-needs-https", "`tls` is for https:// origins", "write https:// in `url`, or remove it"
        )
    return declared_link(spec.tls, authority, table.certificates)


def _retries(spec: Retries) -> ir.Retries:
    return ir.Retries(**spec.model_dump())


def _passive_health(spec: Origin) -> ir.PassiveHealth | None:
    health = spec.passive_health
    if not health.enabled:
        return None
    return ir.PassiveHealth(health.consecutive_errors, health.ejection_time, health.max_ejected_percent)


def _endpoints(
    located: Located[Origin], authority: Authority, diagnostics: Diagnostics
) -> tuple[ir.Endpoint, ...] | None:
    if not located.value.endpoints:
        return (ir.Endpoint(authority.host, authority.port),)
    found: list[ir.Endpoint] = []
    for index, text in enumerate(located.value.endpoints):
        try:
            host, port = split_host_port(text)
            split_url(f"{authority.scheme}://{text}")
        except AuthorityError as error:
            diagnostics.error(error.code, located.span("endpoints", index), error.message, hint=error.hint)
            return None
        found.append(ir.Endpoint(host, port or authority.port))
    return tuple(found)
