"""Compiled resources as JSON. Secrets appear as what they are made of, never as values."""

from __future__ import annotations

from wicketgate.envoy.resources import EnvoyResources
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
)
from wicketgate.json_types import JsonObject


def resources_json(resources: EnvoyResources) -> JsonObject:
    """Return listeners, clusters, routes, and for each secret the variables or files it comes from."""
    return {
        "listeners": list(resources.listeners),
        "clusters": list(resources.clusters),
        "routes": list(resources.routes),
        "secrets": {name: secret_json(source) for name, source in sorted(resources.secrets.items())},
    }


def secret_json(source: SecretSource) -> JsonObject:
    """Say where a secret comes from."""
    match source:
        case TextSecret():
            return {"variables": list(source.variables)}
        case KeyPairSecret():
            return {"certificate": str(source.certificate), "key": str(source.key)}
        case StoredIdentity(name):
            return {"stored_certificate": name}
        case AuthorityFile(_, path):
            return {"authorities": str(path)}
        case StoredAuthority(name):
            return {"stored_authority": name}
        case PrivateAuthority():
            return {"stored_authority": "private"}
        case BrokeredToken(use) | SigningKeys(use):
            return {"credential": use.credential.kind, "destination": use.destination}
        case ClientAuthorities(files):
            return {"client_authorities": ["stored", *(str(file.path) for file in files)]}
