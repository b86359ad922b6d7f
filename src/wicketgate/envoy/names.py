"""Names of Envoy resources. They are API: dashboards and alerts hold them, so they are made here and nowhere else."""

from __future__ import annotations

import hashlib

from wicketgate.ir.credentials.base import CredentialUse
from wicketgate.ir.origin import HeaderProof, Proof, QueryProof, SignatureProof, TokenProof, Upstream
from wicketgate.ir.secrets import (
    AuthorityFile,
    BrokeredToken,
    ClientAuthorities,
    KeyPairSecret,
    PrivateAuthority,
    SecretSource,
    SigningKeys,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
    VariableRef,
)

ROUTES = "gateway"
"""The route configuration, and its one virtual host."""

NOTHING = "wicketgate.nothing"
"""The secret that never has a value."""

STRIP_FILTER = "wicketgate.strip"
CHAIN_FILTER = "wicketgate.chain"
CORS_FILTER = "envoy.filters.http.cors"
ROUTER_FILTER = "envoy.filters.http.router"


def cluster_name(upstream: Upstream) -> str:
    """Name the cluster of an origin; with proofs, a digest of their templates sets it apart."""
    keys = [*(_proof_key(proof) for proof in upstream.proofs), *(["lambda"] if upstream.is_lambda else [])]
    return f"{upstream.origin.name}#{_digest(*keys)}" if keys else upstream.origin.name


def secret_name(source: SecretSource) -> str:
    """Name a secret by where it comes from; values never enter a name."""
    match source:
        case TextSecret(parts=(VariableRef(name),), percent_encoded=False):
            return f"env/{name}"
        case TextSecret():
            return f"text/{_digest(_text_key(source))}"
        case KeyPairSecret(name):
            return f"tls/{name}"
        case StoredIdentity(name):
            return f"certificate/{name}"
        case AuthorityFile(name):
            return f"authority-file/{name}"
        case StoredAuthority(name):
            return f"authority/{name}"
        case PrivateAuthority():
            return "private-authority"
        case ClientAuthorities():
            return "client-authorities"
        case BrokeredToken(use, prefix):
            return f"token/{use_name(use)}/{_digest(prefix)}"
        case SigningKeys(use):
            return f"keys/{use_name(use)}"


def use_name(use: CredentialUse) -> str:
    """Name what the broker keeps: what people call it, where it goes, and a digest of all that it is."""
    return f"{use.credential.kind}/{use.destination}/{_digest(repr(use))}"


def listener_name(host: str, port: int, *, quic: bool = False) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port}{'/udp' if quic else ''}"


def _proof_key(proof: Proof) -> str:
    match proof:
        case HeaderProof(header, secret):
            return f"header\0{header}\0{_text_key(secret)}"
        case QueryProof(parameter, secret):
            return f"query\0{parameter}\0{_text_key(secret)}"
        case TokenProof(header, token):
            return f"token\0{header}\0{secret_name(token)}"
        case SignatureProof(use, signing):
            return f"signature\0{use_name(use)}\0{signing!r}"


def _text_key(secret: TextSecret) -> str:
    parts = (f"v{part.name}" if isinstance(part, VariableRef) else f"t{part}" for part in secret.parts)
    return "\0".join((str(secret.percent_encoded), *parts))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\1".join(parts).encode()).hexdigest()[:12]
