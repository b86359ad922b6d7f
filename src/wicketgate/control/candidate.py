"""One version of the gateway, from the project or from the last good version on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from wicketgate.control.secret_values import secret_message
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.ir.secrets import KeyPairSecret, SecretSource, TextSecret, VariableRef
from wicketgate.json_types import JsonObject
from wicketgate.spec.variables import VariableLookup
from wicketgate.supervise.run_directory import write_private
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Collection, Snapshot, VersionKey


@dataclass(frozen=True, slots=True)
class Candidate:
    """Resources in their canonical bytes, and the secrets that they name, without values."""

    configuration: Snapshot
    sources: dict[str, SecretSource] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: EnvoyResources, key: VersionKey) -> Candidate:
        kinds = {
            Kind.CLUSTERS: resources.clusters,
            Kind.LISTENERS: resources.listeners,
            Kind.ROUTES: resources.routes,
        }
        collections = {kind: _collection(messages, key) for kind, messages in kinds.items()}
        return cls(Snapshot(collections), dict(resources.secrets))

    def snapshot(self, variables: VariableLookup, key: VersionKey) -> Snapshot:
        """Join the values of the secrets. Raises `BadSecretError` for one that cannot be sent."""
        secrets = {
            name: key.resource(name, secret_message(name, source, variables)) for name, source in self.sources.items()
        }
        return Snapshot({**self.configuration.collections, Kind.SECRETS: secrets})


def _collection(messages: tuple[JsonObject, ...], key: VersionKey) -> Collection:
    return {message["name"]: key.resource(message["name"], message) for message in messages}


def save_candidate(path: Path, candidate: Candidate) -> None:
    """Write a version to disk, without the value of any secret."""
    kinds = b",".join(
        json.dumps(kind.value).encode() + b":[" + b",".join(item.body for item in collection.values()) + b"]"
        for kind, collection in candidate.configuration.collections.items()
    )
    sources = {name: _described(source) for name, source in candidate.sources.items()}
    write_private(path, b'{"resources":{' + kinds + b'},"secrets":' + json.dumps(sources).encode() + b"}")


def load_candidate(path: Path, key: VersionKey) -> Candidate | None:
    """Read what `save_candidate` wrote; None when there is nothing to read."""
    try:
        saved = json.loads(path.read_bytes())
        kinds = {Kind(kind): _collection(tuple(found), key) for kind, found in saved["resources"].items()}
        sources = {name: _source(described) for name, described in saved["secrets"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Candidate(Snapshot(kinds), sources)


def _described(source: SecretSource) -> JsonObject:
    match source:
        case TextSecret():
            parts = [{"variable": part.name} if isinstance(part, VariableRef) else part for part in source.parts]
            return {"parts": parts, "percent_encoded": source.percent_encoded}
        case KeyPairSecret():
            return {"name": source.name, "certificate": str(source.certificate), "key": str(source.key)}


def _source(described: JsonObject) -> SecretSource:
    if "parts" not in described:
        return KeyPairSecret(described["name"], Path(described["certificate"]), Path(described["key"]))
    parts = tuple(VariableRef(part["variable"]) if isinstance(part, dict) else part for part in described["parts"])
    return TextSecret(parts, percent_encoded=described["percent_encoded"])
