"""Secrets as Envoy gets them: the templates of the compiler joined with the values of the variables."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import quote

from wicketgate.errors import WicketError
from wicketgate.ir.secrets import KeyPairSecret, SecretSource, TextSecret, VariableRef
from wicketgate.json_types import JsonObject
from wicketgate.spec.variables import VariableLookup
from wicketgate.xds.kinds import Kind

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
"""RFC 9110 section 5.5 without obs-text: what is sent is then what the origin compares."""


class BadSecretError(WicketError):
    """A secret cannot be sent. The message names the variable or the file, never the value."""


def secret_message(name: str, source: SecretSource, variables: VariableLookup) -> JsonObject:
    """Return the `Secret` of Envoy under this SDS name. Raises `BadSecretError`."""
    message: JsonObject = {"@type": Kind.SECRETS.type_url, "name": name}
    match source:
        case TextSecret():
            return message | {"generic_secret": {"secret": {"inline_string": _text(source, variables)}}}
        case KeyPairSecret():
            return message | {
                "tls_certificate": {
                    "certificate_chain": _pem(source.certificate),
                    "private_key": _pem(source.key),
                }
            }


def _text(source: TextSecret, variables: VariableLookup) -> str:
    return "".join(
        _value(part, variables, percent_encoded=source.percent_encoded) if isinstance(part, VariableRef) else part
        for part in source.parts
    )


def _value(reference: VariableRef, variables: VariableLookup, *, percent_encoded: bool) -> str:
    variable = variables.lookup(reference.name)
    if variable is None or not (value := variable.value.reveal()):
        raise BadSecretError(
            f"the variable {reference.name} is {'not set' if variable is None else 'empty'}",
            hint=f"set it with `wicket env set {reference.name} --secret`",
        )
    if percent_encoded:
        return quote(value, safe="")
    if not _HEADER_VALUE.fullmatch(value):
        raise BadSecretError(
            f"the value of the variable {reference.name} cannot be sent in a header: it may hold visible "
            "ASCII characters, and spaces and tabs between them",
            hint="a line break at its end is the usual reason: `printf %s` writes none where `echo` does",
        )
    return value


def _pem(path: Path) -> JsonObject:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadSecretError(
            f"cannot read {path}: {error.strerror}", hint="see [listeners.tls] in wicket.toml"
        ) from error
    return {"inline_bytes": base64.b64encode(content).decode()}
