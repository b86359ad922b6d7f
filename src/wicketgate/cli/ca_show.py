"""`wicket ca show`: how the private authority stands, and what it has issued."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.ca_store import require_state
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject

if TYPE_CHECKING:
    from wicketgate.private_ca import CaState
    from wicketgate.store.authorities import Issued, Signer


def show(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: Annotated[TableFormat, typer.Option("--format", help="How it is printed.")] = TableFormat.TEXT,
) -> None:
    """Show roots, intermediates and the certificates that have not expired. Keys are never shown."""
    found = require_state(open_workspace(context, project, state))
    if form is TableFormat.JSON:
        print_json(_message(found))
        return
    typer.echo(f"trust domain {found.settings.trust_domain}")
    print_table(("role", "standing", "subject", "serial", "validity"), map(_signer_row, found.signers))
    print_table(("name", "environment", "serial", "validity", "renewed"), _issued_rows(found))


def _signer_row(signer: Signer) -> tuple[str, ...]:
    from wicketgate.pki.renewal import expiry_text

    certificate = signer.authority.certificate
    words = expiry_text(certificate, time.time())
    return (signer.role.value, signer.standing.value, certificate.subject, certificate.serial, words)


def _issued_rows(state: CaState) -> Iterator[tuple[str, ...]]:
    from wicketgate.pki.certificate import utc

    latest = {each.serial for each in state.latest().values()}
    for each in _living(state):
        words = f"revoked {utc(each.revocation.at)}" if each.revocation else f"until {utc(each.not_after)}"
        yield each.name, each.environment, each.serial, words, "by itself" if each.serial in latest else ""


def _living(state: CaState) -> Iterator[Issued]:
    return (each for each in state.issued if each.not_after > time.time())


def _message(state: CaState) -> JsonObject:
    return {
        "trustDomain": state.settings.trust_domain,
        "rotationHeld": state.settings.held,
        "signers": [_signer_message(each) for each in state.signers],
        "issued": [_issued_message(each) for each in _living(state)],
    }


def _signer_message(signer: Signer) -> JsonObject:
    certificate = signer.authority.certificate
    return {
        "role": signer.role.value,
        "standing": signer.standing.value,
        "subject": certificate.subject,
        "serialNumber": certificate.serial,
        "validFrom": certificate.not_before,
        "validTo": certificate.not_after,
        "sha256Fingerprint": certificate.fingerprint,
    }


def _issued_message(issued: Issued) -> JsonObject:
    return {
        "name": issued.name,
        "environment": issued.environment,
        "serialNumber": issued.serial,
        "uris": list(issued.profile.uris),
        "dnsNames": list(issued.profile.dns_names),
        "validTo": issued.not_after,
        "kept": issued.kept,
        "revokedAt": issued.revocation.at if issued.revocation else None,
    }
