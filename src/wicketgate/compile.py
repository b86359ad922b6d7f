"""Project folder in, Envoy resources out: the composition that CLI, control plane and tests all call.

files ─▶ load ─▶ validate ─▶ resolve, lower ─▶ emit
"""

from __future__ import annotations

import dataclasses
import gc
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from wicketgate.certificates.directory import find_certificates
from wicketgate.diagnostics import Diagnostic, Diagnostics, Span, printable
from wicketgate.envoy.emit import emit
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.ir.gateway import GatewayIR
from wicketgate.lower.gateway import lower_project
from wicketgate.project.load import load_project
from wicketgate.resolve.certificates import CertificateTable
from wicketgate.spec.certificates import NO_CERTIFICATES, CertificateLookup
from wicketgate.spec.installation import Installation, ListenerSection
from wicketgate.spec.project import validate_project
from wicketgate.spec.variables import VariableLookup, VariableScope


@dataclass(frozen=True, slots=True)
class Compiled:
    """`gateway` and `resources` are None when a diagnostic is an error."""

    installation: Installation | None
    gateway: GatewayIR | None
    resources: EnvoyResources | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return self.resources is not None


def compile_project(
    folder: Path,
    *,
    variables: VariableLookup,
    certificates: CertificateLookup = NO_CERTIFICATES,
    listen: tuple[str, ...] = (),
    roots: Path | None = None,
) -> Compiled:
    """Compile the project in `folder`.

    `certificates` are those of the installation that it may name; `listen` (`ADDR:PORT`) replaces the addresses of
    `wicket.toml`; `roots` the system's certificate authorities.
    Never raises for what a user wrote: every such fault is a diagnostic.
    """
    with _collector_paused():
        return _compile(folder, variables, certificates, listen, roots or system_roots())


def _compile(
    folder: Path,
    variables: VariableLookup,
    certificates: CertificateLookup,
    listen: tuple[str, ...],
    roots: Path,
) -> Compiled:
    diagnostics = Diagnostics()
    scope = VariableScope(variables)
    documents = load_project(folder, diagnostics)
    spec = validate_project(documents, scope, diagnostics)
    installation = _listening(spec.installation, listen, diagnostics)
    if installation is None:
        return Compiled(None, None, None, _told(diagnostics, scope))
    table = _certificate_table(folder, installation, certificates)
    gateway = lower_project(spec, installation, scope, table, diagnostics)
    if diagnostics.has_errors:
        return Compiled(installation, None, None, _told(diagnostics, scope))
    resources = emit(gateway, roots=roots)
    return Compiled(installation, gateway, resources, _told(diagnostics, scope))


def _certificate_table(folder: Path, installation: Installation, lookup: CertificateLookup) -> CertificateTable:
    awaited = frozenset((installation.acme.name,)) if installation.acme else frozenset()
    return CertificateTable(lookup, find_certificates(folder, installation.certificates), awaited, folder)


def _told(diagnostics: Diagnostics, scope: VariableScope) -> tuple[Diagnostic, ...]:
    """Return the messages without the values of variables that they happen to quote."""
    return tuple(
        dataclasses.replace(
            item, message=printable(scope.masked(item.message)), hint=printable(scope.masked(item.hint))
        )
        for item in diagnostics.sorted()
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A compile makes millions of objects and no cycles: looking for garbage among them is a third of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def system_roots() -> Path:
    """Return the file with the certificate authorities that the operating system trusts."""
    paths = ssl.get_default_verify_paths()
    known = (
        paths.cafile,
        paths.openssl_cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
    )
    found = (Path(path) for path in known if path and Path(path).is_file())
    return next(found, Path(paths.openssl_cafile))


def _listening(
    installation: Installation | None, listen: tuple[str, ...], diagnostics: Diagnostics
) -> Installation | None:
    """Put the addresses of the command line in place of the file's; TLS of the first listener stays."""
    if installation is None or not listen:
        return installation
    model = installation.listeners[0]
    try:
        sections = tuple(ListenerSection(address=address, tls=model.tls, http3=model.http3) for address in listen)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        diagnostics.error("wrong-value", Span("--listen"), message, hint="write --listen 127.0.0.1:8080")
        return None
    return installation.model_copy(update={"listeners": sections})
