"""Secrets as Envoy gets them: what the compiler names, joined with the values of variables and certificates."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TypeVar, assert_never
from urllib.parse import quote

from wicketgate.certificates.files import read_authorities, read_client_authorities, read_key_pair
from wicketgate.certificates.values import Authorities, Certificates, PemKeyPair
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import (
    AuthorityFile,
    ClientAuthorities,
    ClientAuthorityFile,
    KeyPairSecret,
    PrivateAuthority,
    PublishedSource,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
    VariableRef,
)
from wicketgate.json_types import JsonObject
from wicketgate.spec.variables import VariableLookup
from wicketgate.xds.kinds import Kind

F = TypeVar("F")

_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
"""RFC 9110 section 5.5 without obs-text: what is sent is then what the origin compares."""


class BadSecretError(WicketError):
    """A secret cannot be sent. The message names the variable, the certificate or the file, never the value."""


@dataclass(frozen=True, slots=True)
class Values:
    """Where the values of secrets come from."""

    variables: VariableLookup
    certificates: Certificates

    def at_once(self) -> Values:
        """Return the same with the certificates of this moment."""
        return Values(self.variables, self.certificates.at_once())


def secret_message(name: str, source: PublishedSource, values: Values) -> JsonObject:
    """Return the `Secret` of Envoy under this SDS name.

    Raises `BadSecretError`, and `BadCertificateError` or `CertificateFileError` for what files hold.
    """
    return _message(name, _content(source, values))


def text_message(name: str, text: str) -> JsonObject:
    """Return the `Secret` that holds a text. An empty one makes Envoy answer 503 in place of sending the request."""
    return _message(name, {"generic_secret": {"secret": {"inline_string": text}}})


def _message(name: str, content: JsonObject) -> JsonObject:
    return {"@type": Kind.SECRETS.type_url, "name": name, **content}


def _content(source: PublishedSource, values: Values) -> JsonObject:
    certificates = values.certificates
    match source:
        case TextSecret():
            return {"generic_secret": {"secret": {"inline_string": _text(source, values.variables)}}}
        case KeyPairSecret(_, certificate, key):
            return _key_pair(read_key_pair(certificate, key))
        case StoredIdentity(name):
            return _key_pair(_there(certificates.key_pair(name), f"the certificate {name} is not there or not enabled"))
        case AuthorityFile(_, path):
            return _authorities(read_authorities(path))
        case StoredAuthority(name):
            return _authorities(_there(certificates.authority(name), f"the CA certificate {name} is not there"))
        case PrivateAuthority():
            return _authorities(_there(certificates.private_authority(), "the private authority is not there"))
        case ClientAuthorities(files):
            return _client_authorities(files, certificates)
        case _:
            assert_never(source)


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


def _key_pair(pair: PemKeyPair) -> JsonObject:
    return {"tls_certificate": {"certificate_chain": _inline(pair.chain), "private_key": _inline(pair.key.reveal())}}


def _authorities(trusted: Authorities) -> JsonObject:
    context: JsonObject = {"trusted_ca": _inline(trusted.chain)}
    if trusted.revoked:
        # Lists of what issues certificates are enough: the authorities themselves are the operator's own. Without
        # this Envoy refuses everyone whose authority is an intermediate (envoy issue 29197).
        context |= {"crl": _inline(trusted.revoked), "only_verify_leaf_cert_crl": True}
    return {"validation_context": context}


def _client_authorities(files: tuple[ClientAuthorityFile, ...], certificates: Certificates) -> JsonObject:
    stored = (certificates.client_authority(name) for name in sorted(certificates.client_authorities()))
    found = [*filter(None, stored), *(read_client_authorities(file.path, file.revoked) for file in files)]
    if not found:
        # Nobody is trusted any more. No certificate has this digest, so none is verified.
        return {"validation_context": {"verify_certificate_hash": ["00" * 32]}}
    chains, lists = "".join(each.chain for each in found), "".join(each.revoked for each in found)
    return _authorities(Authorities(chains, lists))


def _inline(text: str) -> JsonObject:
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


def _there(found: F | None, missing: str) -> F:
    if found is None:
        raise BadSecretError(missing, hint="see `wicket cert list` and `wicket ca-certificate list`")
    return found
