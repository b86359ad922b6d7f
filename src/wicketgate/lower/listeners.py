"""Listeners, and the certificates that they show."""

from __future__ import annotations

from collections.abc import Iterator

from wicketgate.diagnostics import Diagnostics, Span
from wicketgate.ir.gateway import Listener, ServerTLS
from wicketgate.ir.secrets import IdentitySource, KeyPairSecret
from wicketgate.project.load import Documents
from wicketgate.resolve.authority import AuthorityError
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.spec.installation import Installation, ListenerCertificate, ListenerTLS, split_address


def lower_listeners(
    installation: Installation, documents: Documents, certificates: CertificateTable, diagnostics: Diagnostics
) -> tuple[Listener, ...]:
    """Lower all listeners; a certificate that does not exist is reported."""
    found = []
    for index, section in enumerate(installation.listeners):
        host, port = split_address(section.address)
        at = _place(documents, "listeners", index, "tls")
        tls = ServerTLS(tuple(_identities(section.tls, certificates, at, diagnostics))) if section.tls else None
        found.append(Listener(host, port, tls, section.http3))
    return tuple(found)


def _identities(
    tls: ListenerTLS, certificates: CertificateTable, at: Span, diagnostics: Diagnostics
) -> Iterator[IdentitySource]:
    for shown in tls.shown:
        try:
            yield _identity(shown, certificates)
        except AuthorityError as error:
            diagnostics.error(error.code, at, error.message, hint=error.hint)


def _identity(shown: ListenerCertificate, certificates: CertificateTable) -> IdentitySource:
    if shown.certificate is None or shown.key is None:
        return certificates.identity(shown.name or "")
    folder = certificates.folder
    return KeyPairSecret(shown.certificate, folder / shown.certificate, folder / shown.key)


def _place(documents: Documents, *pointer: str | int) -> Span:
    return documents.installation.span(pointer) if documents.installation else Span("wicket.toml")
