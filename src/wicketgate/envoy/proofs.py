"""Proofs as filters of the origin: the last thing done to a request, on each try."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from urllib.parse import quote

from wicketgate.envoy.injection import inject
from wicketgate.envoy.names import secret_name
from wicketgate.envoy.signature import signature_filters
from wicketgate.envoy.types import http_filter
from wicketgate.ir.origin import HeaderProof, Proof, QueryProof, SignatureProof, TokenProof
from wicketgate.ir.secrets import SecretSource, SigningKeys, TextSecret
from wicketgate.json_types import JsonObject

QUERY_CARRIER = "x-wicketgate-query-proof"
"""The header in which a secret travels to the filter that moves it into the query: no literal stands anywhere."""

_QUERY_PROGRAM = files("wicketgate.envoy").joinpath("query_proof.lua").read_text(encoding="utf-8")


def proof_filters(proofs: Iterable[Proof]) -> list[JsonObject]:
    """Return the filters that add the proofs, without the codec that must follow them."""
    return [each for proof in proofs for each in _filters(proof)]


def proof_secrets(proofs: Iterable[Proof]) -> dict[str, SecretSource]:
    """Return the secrets that the filters ask for, by their SDS names."""
    return {secret_name(secret): secret for secret in (_secret(proof) for proof in proofs)}


def _secret(proof: Proof) -> SecretSource:
    """Return what SDS delivers: the header's value, or the whole field of the query."""
    match proof:
        case TokenProof(_, token):
            return token
        case SignatureProof(use):
            return SigningKeys(use)
        case HeaderProof(_, secret):
            return secret
        case QueryProof(parameter, secret):
            name = f"{quote(parameter, safe='')}="
            value = (quote(part, safe="") if isinstance(part, str) else part for part in secret.parts)
            return TextSecret((name, *value), percent_encoded=True)


def _filters(proof: Proof) -> list[JsonObject]:
    match proof:
        case HeaderProof(header) | TokenProof(header):
            return [inject(header, _secret(proof))]
        case SignatureProof(use, signing):
            return signature_filters(use, signing)
        case QueryProof(parameter):
            move = http_filter(
                f"wicketgate.query.{parameter}",
                "lua.v3.Lua",
                default_source_code={"inline_string": _QUERY_PROGRAM},
            )
            return [inject(QUERY_CARRIER, _secret(proof)), move]
