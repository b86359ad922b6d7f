"""Key pairs from files: the certificate, its key, and the passphrase of an encrypted one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.workspace import MachineError
from wicketgate.secret_value import SecretValue

if TYPE_CHECKING:
    from wicketgate.pki.key_pair import KeyPair

_ENCRYPTED = (b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED")
_MOST_BYTES = 1024 * 1024
_STDIN = Path("-")

CertOption = Annotated[
    Path, typer.Option("--cert", metavar="FILE", help="PEM: the certificate, then those that issued it.")
]
KeyOption = Annotated[
    Path, typer.Option("--key", metavar="FILE", help="PEM: its private key; may be encrypted. - for standard input.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Holds the passphrase of the key; else it is asked for on the terminal."),
]


def read_pair(cert: Path, key: Path, passphrase_file: Path | None) -> KeyPair:
    """Read and check a client certificate and its key. Raises `BadCertificateError`, `MachineError`."""
    from wicketgate.pki.extensions import Purpose
    from wicketgate.pki.key_pair import parse_key_pair

    if [cert, key, passphrase_file].count(_STDIN) > 1:
        raise typer.BadParameter("only one of the files can be standard input")
    secret = _content(key)
    passphrase = _passphrase(secret, key, passphrase_file)
    source = "standard input" if cert == _STDIN else str(cert)
    return parse_key_pair(_content(cert), secret, source=source, passphrase=passphrase, purpose=Purpose.CLIENT)


def _passphrase(key: bytes, path: Path, file: Path | None) -> SecretValue | None:
    if not any(mark in key for mark in _ENCRYPTED):
        return None
    if file is not None:
        return SecretValue(_content(file).decode(errors="replace").rstrip("\r\n"))
    if sys.stdin.isatty():
        return SecretValue(str(typer.prompt(f"passphrase of {path}", hide_input=True, err=True)))
    raise MachineError(f"the key {path} is encrypted", hint="give its passphrase with --passphrase-file FILE")


def _content(path: Path) -> bytes:
    try:
        if path == _STDIN:
            return sys.stdin.buffer.read(_MOST_BYTES)
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise MachineError(
            f"cannot read {path}: {error.strerror}", hint="check its name, and who may read it"
        ) from None
