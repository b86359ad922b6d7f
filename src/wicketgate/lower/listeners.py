"""Listeners: the certificates that they show, and who vouches for those that callers show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wicketgate.diagnostics import Diagnostics, Span
from wicketgate.ir.gateway import Listener, Route, ServerTLS
from wicketgate.ir.secrets import ClientAuthorities, ClientAuthorityFile, IdentitySource, KeyPairSecret
from wicketgate.ir.steps import RequireClientCertificate
from wicketgate.project.load import Documents
from wicketgate.resolve.authority import AuthorityError
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.spec.installation import Installation, ListenerCertificate, ListenerSection, split_address

_POLICY = "mtls-auth-inbound"


@dataclass(frozen=True, slots=True)
class ListenerLowering:
    """Lowers the listeners of an installation; reports files and names that do not exist."""

    installation: Installation
    documents: Documents
    certificates: CertificateTable
    diagnostics: Diagnostics

    def lower(self, routes: tuple[Route, ...]) -> tuple[Listener, ...]:
        """Callers are asked for a certificate once somebody vouches for one, or a route demands one."""
        demanded = any(isinstance(step, RequireClientCertificate) for route in routes for step in route.inbound)
        files = tuple(self._client_authorities())
        vouched = bool(files or self.certificates.lookup.client_authorities())
        if demanded:
            self._warn(vouched=vouched)
        clients = ClientAuthorities(files) if demanded or vouched else None
        return tuple(
            self._listener(index, section, clients) for index, section in enumerate(self.installation.listeners)
        )

    def _listener(self, index: int, section: ListenerSection, clients: ClientAuthorities | None) -> Listener:
        shown = section.tls.shown if section.tls else ()
        identities = tuple(self._identities(shown, self._place("listeners", index, "tls")))
        tls = ServerTLS(identities, clients) if section.tls else None
        return Listener(*split_address(section.address), tls, section.http3)

    def _identities(self, certificates: tuple[ListenerCertificate, ...], at: Span) -> Iterator[IdentitySource]:
        for shown in certificates:
            try:
                yield self._identity(shown)
            except AuthorityError as error:
                self.diagnostics.error(error.code, at, error.message, hint=error.hint)

    def _identity(self, shown: ListenerCertificate) -> IdentitySource:
        if shown.certificate is None or shown.key is None:
            return self.certificates.identity(shown.name or "")
        folder = self.certificates.folder
        return KeyPairSecret(shown.certificate, folder / shown.certificate, folder / shown.key)

    def _client_authorities(self) -> Iterator[ClientAuthorityFile]:
        for index, section in enumerate(self.installation.client_authorities):
            at = self._place("client_authorities", index)
            found = self._existing(section.certificate, at)
            revoked = self._existing(section.crl, at) if section.crl else None
            if found:
                yield ClientAuthorityFile(found, revoked)

    def _existing(self, name: str, at: Span) -> Path | None:
        try:
            return self.certificates.existing(name)
        except AuthorityError as error:
            self.diagnostics.error(error.code, at, error.message, hint=error.hint)
            return None

    def _warn(self, *, vouched: bool) -> None:
        if not vouched:
            self.diagnostics.warning(
                "client-authority-missing",
                self._place(),
                f"no CA certificate vouches for callers: routes with `{_POLICY}` take nobody's",
                hint="add one: `wicket ca-certificate create --name NAME --cert FILE`",
            )
        for index, section in enumerate(self.installation.listeners):
            if section.tls is None:
                self.diagnostics.warning(
                    "client-certificate-without-tls",
                    self._place("listeners", index),
                    f"{section.address} has no TLS: nobody can show a certificate there to a route with `{_POLICY}`",
                    hint="give the listener `tls`, or remove it",
                )

    def _place(self, *pointer: str | int) -> Span:
        return self.documents.installation.span(pointer) if self.documents.installation else Span("wicket.toml")
