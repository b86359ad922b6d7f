"""What an issuer publishes: its metadata (OpenID Connect Discovery 1.0 section 3) and its keys (RFC 7517)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from wicketgate.issuer.keys import SigningKey, published

METADATA_PATH = "/.well-known/openid-configuration"
KEYS_PATH = "/.well-known/jwks.json"


def metadata(issuer: str, keys: Iterable[SigningKey]) -> str:
    """Return the metadata as JSON, with the members that workload issuers publish: nobody logs in here."""
    found = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}{KEYS_PATH}",
        "id_token_signing_alg_values_supported": sorted({key.algorithm.value for key in keys}),
        "claims_supported": _CLAIMS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
    }
    return json.dumps(found, separators=(",", ":"))


def key_set(keys: Iterable[SigningKey]) -> str:
    """Return the JWK set as JSON."""
    return json.dumps({"keys": [published(key) for key in keys]}, separators=(",", ":"))


_CLAIMS = [
    "iss",
    "sub",
    "aud",
    "iat",
    "nbf",
    "exp",
    "jti",
    "installation",
    "project",
    "environment",
    "origin",
]
