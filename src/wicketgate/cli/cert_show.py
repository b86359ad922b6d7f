"""`wicket cert list` and `describe`: certificates without their keys."""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.cert_store import open_certificate_store, stored
from wicketgate.cli.terminal import TableFormat, print_json, print_table
from wicketgate.cli.workspace import ProjectOption, StateOption, Workspace, open_workspace
from wicketgate.json_types import JsonObject

if TYPE_CHECKING:
    from wicketgate.pki.certificate import Certificate
    from wicketgate.store.certificates import CertificateEntry

FormatOption = Annotated[TableFormat, typer.Option("--format", help="How it is printed.")]


def list_(
    context: typer.Context,
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """List the certificates of the store, where they are enabled and when they expire."""
    show_all(open_workspace(context, project, state), form)


def describe(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME|ID", help="What it is called, or its id (`cert_…`).")],
    project: ProjectOption = None,
    state: StateOption = None,
    form: FormatOption = TableFormat.TEXT,
) -> None:
    """Say what is in one certificate: names, issuer, dates, fingerprint, chain."""
    show_one(open_workspace(context, project, state), name, form)


def show_all(workspace: Workspace, form: TableFormat) -> None:
    entries = stored(workspace)
    if form is TableFormat.JSON:
        print_json([_message(entry) for entry in entries])
    else:
        print_table(("name", "id", "environments", "renewed by", "validity"), map(_row, entries))


def show_one(workspace: Workspace, name: str, form: TableFormat) -> None:
    """Raises `CertificateStoreError` when there is none of this name or id."""
    message = _message(open_certificate_store(workspace).find(name))
    if form is TableFormat.JSON:
        print_json(message)
    else:
        print_table(("field", "value"), ((key, _words(value)) for key, value in message.items()))


def _row(entry: CertificateEntry) -> tuple[str, ...]:
    from wicketgate.pki.renewal import expiry_text

    environments = ",".join(entry.environments) or "disabled"
    by = "hand" if entry.source == "import" else entry.source.value
    return entry.name, entry.id, environments, by, expiry_text(_chain(entry)[0], time.time())


def _message(entry: CertificateEntry) -> JsonObject:
    """Field names as in the reference (https://zuplo.com/docs/cli/mtls-certificate-list), and ours beside them."""
    from wicketgate.pki.renewal import expiry_text

    leaf, *above = _chain(entry)
    return {
        "id": entry.id,
        "name": entry.name,
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "validFrom": _date(leaf.not_before),
        "validTo": _date(leaf.not_after),
        "expiry": expiry_text(leaf, time.time()),
        "serialNumber": leaf.serial,
        "sha256Fingerprint": leaf.fingerprint,
        "key": leaf.key_type,
        "dnsNames": list(leaf.dns_names),
        "uris": list(leaf.uris),
        "addresses": list(leaf.addresses),
        "chain": [each.subject for each in above],
        "environments": list(entry.environments),
        "source": entry.source.value,
    }


def _chain(entry: CertificateEntry) -> tuple[Certificate, ...]:
    from wicketgate.pki.certificate import parse_certificates

    return parse_certificates(entry.chain.encode(), source=entry.name)


def _date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat().replace("+00:00", "Z")


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
