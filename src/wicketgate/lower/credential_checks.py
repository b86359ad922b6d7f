"""What credentials and signatures demand of a route, and what a route may not do with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wicketgate.diagnostics import Diagnostics, Span
from wicketgate.ir.credentials.base import Credential
from wicketgate.ir.gateway import AppendPath, Forward, TemplatePath, may_have_empty_segment
from wicketgate.ir.origin import KEEP_EMPTY_SEGMENTS, Origin, Signing, Verifier
from wicketgate.ir.path_pattern import PathPattern
from wicketgate.ir.steps import CredentialStep, SignRequest
from wicketgate.lower.proofs import SplitSteps, is_host, signing_for
from wicketgate.resolve.authority import AuthorityError
from wicketgate.resolve.certificates import CertificateTable


@dataclass(frozen=True, slots=True)
class CredentialTable:
    """What is known over all routes. `issuer_algorithm` is what the gateway's own tokens are signed with, if it is an
    issuer; `destinations` are the hosts that each credential goes to, and whether its policy names them."""

    certificates: CertificateTable
    issuer_algorithm: str | None = None
    destinations: dict[Credential, dict[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CredentialCheck:
    """Looks at one route that leads to `origin`; `at` says where something stands in it."""

    table: CredentialTable
    diagnostics: Diagnostics
    at: Callable[..., Span]
    origin: Origin

    def check(self, split: SplitSteps, action: Forward, pattern: PathPattern) -> None:
        """Report what would fail, or would reach somebody it is not for."""
        for step in split.credentials:
            self._check_issuer(step.credential)
            self._check_files(step.credential)
            self._check_destination(step)
            if isinstance(step, SignRequest):
                self._check_signing(step)
        if split.signing is not None:
            self._check_segments(split.signing, action, pattern)

    def _check_destination(self, step: CredentialStep) -> None:
        """A credential never goes where its policy does not name."""
        if step.hosts and not any(is_host(self.origin.url, host) for host in step.hosts):
            self.diagnostics.error(
                "credential-elsewhere",
                self.at("policies", "inbound"),
                f"this {step.credential.kind} credential may be sent to {', '.join(step.hosts)} only, and the route"
                f" leads to {self.origin.authority}",
                hint="add the host to `allowedHosts` of the policy, or give this route a policy of its own",
            )
        else:
            self._check_shared(step)

    def _check_issuer(self, credential: Credential) -> None:
        if credential.needs_issuer and self.table.issuer_algorithm is None:
            self.diagnostics.error(
                "issuer-missing",
                self.at("policies", "inbound"),
                f"this {credential.kind} credential needs the gateway as issuer, which it is not",
                hint="write `[issuer]` with the `url` of the gateway into wicket.toml",
            )
        elif credential.taken_algorithms and self.table.issuer_algorithm not in credential.taken_algorithms:
            self.diagnostics.warning(
                "issuer-algorithm",
                self.at("policies", "inbound"),
                f"this {credential.kind} credential is refused if it is signed with {self.table.issuer_algorithm}",
                hint=f'write `algorithm = "{credential.taken_algorithms[-1]}"` into `[issuer]` of wicket.toml',
            )

    def _check_files(self, credential: Credential) -> None:
        certificates = self.table.certificates
        try:
            if credential.certificate:
                certificates.stored(credential.certificate)
            if credential.authorities:
                certificates.existing(credential.authorities)
        except AuthorityError as error:
            self.diagnostics.error(error.code, self.at("policies", "inbound"), error.message, hint=error.hint)

    def _check_signing(self, step: SignRequest) -> None:
        """A signature for the wrong service or region is refused by every one."""
        told = signing_for(step.signing, self.origin.authority)
        missing = [f"`{name}`" for name in ("region", "service") if not getattr(told, name)]
        if missing:
            self.diagnostics.error(
                "signing-unknown",
                self.at("policies", "inbound"),
                f"{self.origin.authority} does not tell which {' and '.join(missing)} requests to it are signed for",
                hint=f"write {' and '.join(missing)} into the options of the policy",
            )

    def _check_segments(self, signing: Signing, action: Forward, pattern: PathPattern) -> None:
        """A guard sees the path that is sent, and the signature is over one without empty segments."""
        told = signing_for(signing, self.origin.authority)
        if told.verifier is not Verifier.GUARD or told.service in KEEP_EMPTY_SEGMENTS:
            return
        if _may_send_empty_segment(action.path, pattern):
            self.diagnostics.error(
                "empty-segment",
                self.at("handler", "options"),
                f"the path at {self.origin.authority} has, or may have, an empty segment (`//`), which a signature"
                " leaves out: the guard would refuse the request",
                hint="write one slash, and an optional part of the route's path last",
            )

    def _check_shared(self, step: CredentialStep) -> None:
        """Whoever receives a token can use it wherever it is taken, whatever audience it has."""
        known = self.table.destinations.setdefault(step.credential.bound(self.origin.url).plain, {})
        here = known[self.origin.authority] = bool(step.hosts) or known.get(self.origin.authority, False)
        others = [host for host, there in known.items() if host != self.origin.authority and not (here and there)]
        if others:
            hosts = ", ".join(f'"{host}"' for host in sorted(known))
            self.diagnostics.error(
                "credential-shared",
                self.at("policies", "inbound"),
                f"the same {step.credential.kind} credential {_shared(step, others[0], self.origin.authority)}",
                hint=f'write `"allowedHosts": [{hosts}]` into the policy if each may; else give each one of its own',
            )


def _shared(step: CredentialStep, one: str, other: str) -> str:
    if isinstance(step, SignRequest):
        return f"signs requests to {one} and to {other}"
    return f"goes to {one} and to {other}: either can use it at the other"


def _may_send_empty_segment(path: AppendPath | TemplatePath, pattern: PathPattern) -> bool:
    if isinstance(path, AppendPath):
        return "//" in path.prefix
    # What is not plain goes through a program that takes care of what parameters leave.
    return may_have_empty_segment(path.template, pattern.edges if path.is_plain else ())
