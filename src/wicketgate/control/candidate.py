"""One version of the gateway, from the project or from the last good version on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wicketgate.control.secret_sources import described, source_of
from wicketgate.control.secret_values import Values, secret_message
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import BrokeredSource, SecretSource, TextSecret
from wicketgate.json_types import JsonObject
from wicketgate.supervise.run_directory import write_private
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Collection, Resource, Snapshot, VersionKey


@dataclass(frozen=True, slots=True)
class Joined:
    """A version with its secrets. `kept` maps those that are older than they should be to what is wrong."""

    snapshot: Snapshot
    kept: Mapping[str, str]


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

    def joined(self, values: Values, key: VersionKey, *, held: Collection) -> Joined:
        """Join the values of the secrets, but for the broker's (see `Delivery`); `held` are those that are live.

        A certificate that went bad does not go live: the one that is held stays. Raises `WicketError` for a secret
        that cannot be sent and is not held, and for any variable that cannot be sent.
        """
        values = values.at_once()
        secrets: dict[str, Resource] = {}
        kept: dict[str, str] = {}
        for name, source in self.sources.items():
            if isinstance(source, BrokeredSource):
                continue
            try:
                secrets[name] = key.resource(name, secret_message(name, source, values))
            except WicketError as error:
                if isinstance(source, TextSecret) or name not in held:
                    raise
                secrets[name], kept[name] = held[name], error.message
        return Joined(Snapshot({**self.configuration.collections, Kind.SECRETS: secrets}), kept)


def _collection(messages: tuple[JsonObject, ...], key: VersionKey) -> Collection:
    return {message["name"]: key.resource(message["name"], message) for message in messages}


def save_candidate(path: Path, candidate: Candidate) -> None:
    """Write a version to disk, without the value of any secret."""
    kinds = b",".join(
        json.dumps(kind.value).encode() + b":[" + b",".join(item.body for item in collection.values()) + b"]"
        for kind, collection in candidate.configuration.collections.items()
    )
    sources = {name: described(source) for name, source in candidate.sources.items()}
    write_private(path, b'{"resources":{' + kinds + b'},"secrets":' + json.dumps(sources).encode() + b"}")


def load_candidate(path: Path, key: VersionKey) -> Candidate | None:
    """Read what `save_candidate` wrote; None when there is nothing to read."""
    try:
        saved = json.loads(path.read_bytes())
        kinds = {Kind(kind): _collection(tuple(found), key) for kind, found in saved["resources"].items()}
        sources = {name: source_of(found) for name, found in saved["secrets"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Candidate(Snapshot(kinds), sources)
