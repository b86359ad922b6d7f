"""`wicket ca-certificate list|describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.ca_certificate_change import NameArgument
from wicketgate.cli.ca_certificate_store import certificates_of, open_authorities
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, open_workspace
from wicketgate.json_types import JsonObject

if TYPE_CHECKING:
    from wicketgate.pki.certificate import Certificate
    from wicketgate.store.ca_certificates import AuthorityEntry

FormatOption = Annotated[TableFormat, typer.Option("--format", help="How it is printed.")]
_COLUMNS = ("name", "id", "for", "subject", "valid until", "revocation list")


def list_(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """List the CA certificates."""
    workspace = open_workspace(context, project, state)
    entries = open_authorities(workspace).entries() if (workspace.state / "state.db").exists() else []
    if form is TableFormat.JSON:
        print_json([_message(entry) for entry in entries])
    else:
        print_table(_COLUMNS, map(_row, entries))


def describe(
    context: typer.Context,
    name: NameArgument,
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """Show what is known of one CA certificate."""
    entry = open_authorities(open_workspace(context, project, state)).find(name)
    if form is TableFormat.JSON:
        print_json(_message(entry))
        return
    print_table(("what", "value"), [("name", entry.name), ("id", entry.id), ("for", entry.purpose.value)])
    for certificate in certificates_of(entry):
        message = _certificate_message(certificate)
        print_table(("what", "value"), [(key, str(value)) for key, value in message.items()])


def _row(entry: AuthorityEntry) -> tuple[str, ...]:
    from wicketgate.pki.certificate import utc

    certificates = certificates_of(entry)
    subjects = "; ".join(each.subject for each in certificates)
    until = utc(min(each.not_after for each in certificates))
    return entry.name, entry.id, entry.purpose.value, subjects, until, "yes" if entry.revoked else "no"


def _message(entry: AuthorityEntry) -> JsonObject:
    return {
        "name": entry.name,
        "id": entry.id,
        "for": entry.purpose.value,
        "certificates": [_certificate_message(each) for each in certificates_of(entry)],
        "revocationList": bool(entry.revoked),
        "createdAt": entry.created_at,
        "changedAt": entry.changed_at,
    }


def _certificate_message(certificate: Certificate) -> JsonObject:
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serialNumber": certificate.serial,
        "validFrom": certificate.not_before,
        "validTo": certificate.not_after,
        "sha256Fingerprint": certificate.fingerprint,
    }
