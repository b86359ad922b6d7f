"""How packets get to an origin: the URL's scheme and what `tls` says, as one of a closed set of links."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from wicketgate.diagnostics import Diagnostics, Span
from wicketgate.ir import origin as ir
from wicketgate.ir.secrets import IdentitySource
from wicketgate.resolve.authority import Authority, AuthorityError
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.spec.origin_tls import OriginTLS

WRITTEN = "the URL says http://"
PRIVATE_PLACE = "the origin is on loopback or in a declared private network"
_SYSTEM = "system"


def plain_link(*, private: bool) -> ir.Plaintext:
    return ir.Plaintext(PRIVATE_PLACE if private else WRITTEN)


def verified_link(authority: Authority) -> ir.VerifiedTLS:
    """Return the link of an https URL about which nothing more is said."""
    kind = ir.NameKind.IP if authority.address else ir.NameKind.DNS
    return ir.VerifiedTLS(ir.SystemRoots(), ir.PeerName(kind, authority.host), _sni(authority))


def declared_link(
    tls: OriginTLS, authority: Authority, certificates: CertificateTable
) -> ir.VerifiedTLS | ir.UnverifiedTLS:
    """Return the link that a `tls` section describes. Raises `AuthorityError`."""
    sni = _sni(authority) if tls.server_name is None else tls.server_name
    if tls.unverified is not None:
        return ir.UnverifiedTLS(tls.unverified, sni)
    server = verified_link(authority)
    named = server.name if tls.server_name is None else ir.PeerName(ir.NameKind.DNS, tls.server_name)
    return ir.VerifiedTLS(
        trust=_trust(tls, certificates),
        name=tls.subject_alt_name or named,
        sni=sni,
        minimum=ir.TLSVersion(tls.min_version),
    )


def with_identity(link: ir.Link, identity: IdentitySource) -> ir.MutualTLS:
    """Return the link on which the gateway shows a certificate too. Raises `AuthorityError` unless it is verified."""
    match link:
        case ir.VerifiedTLS():
            return ir.MutualTLS(link, identity)
        case ir.MutualTLS(server):
            return ir.MutualTLS(server, identity)
        case ir.UnverifiedTLS():
            raise AuthorityError(
                "certificate-needs-tls",
                "a client certificate needs a verified server: this origin is `unverified`",
                "name its authority in `tls.ca`, or pin its key in `tls.pins`",
            )
        case ir.Plaintext():
            raise AuthorityError(
                "certificate-needs-tls", "a client certificate needs https://", "write https:// in the origin's URL"
            )


def identified(origin: ir.Origin, identity: IdentitySource) -> ir.Origin:
    """Return the origin as a route reaches it that shows a certificate of its own choice. Raises `AuthorityError`."""
    link = with_identity(origin.link, identity)
    if link == origin.link:
        return origin
    return dataclasses.replace(origin, name=f"{origin.name}@{identity.name}", link=link)


def warn_unverified(origin: ir.Origin, at: Callable[[], Span], diagnostics: Diagnostics) -> None:
    """Tell the user, each time, that whoever answers is taken for the origin."""
    if isinstance(origin.link, ir.UnverifiedTLS):
        diagnostics.warning(
            "unverified-origin",
            at(),
            f"the certificate of `{origin.authority}` is not verified: {origin.link.reason}",
            hint="name its authority in `tls.ca`, or pin its key in `tls.pins`",
        )


def _trust(tls: OriginTLS, certificates: CertificateTable) -> ir.Trust:
    if tls.pins:
        keys = tuple(pin.digest for pin in tls.pins if pin.of_key)
        return ir.PinnedServer(keys, tuple(pin.digest for pin in tls.pins if not pin.of_key))
    if tls.ca == _SYSTEM:
        return ir.SystemRoots()
    return ir.NamedAuthority(certificates.authority(tls.ca))


def _sni(authority: Authority) -> str:
    """RFC 6066 section 3: no addresses in SNI."""
    return "" if authority.address else authority.host
