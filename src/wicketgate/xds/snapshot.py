"""What is published at one moment: per kind, name -> bytes, each under the hash of its content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wicketgate.json_types import JsonObject
from wicketgate.xds.kinds import POLLED_BY_NAME, Kind

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Resource:
    """One protobuf message as JSON. The body may be a secret and so stays out of `repr`."""

    name: str
    version: str
    body: bytes = field(repr=False)


Collection = Mapping[str, Resource]


@dataclass(frozen=True, slots=True)
class VersionKey:
    """Makes versions: a keyed hash of the content, the same for the same content and key.

    Keyed, because Envoy shows versions in `config_dump`: a plain hash of a short secret could be guessed.
    """

    key: bytes = field(default=b"", repr=False)

    def of(self, parts: Iterable[bytes]) -> str:
        digest = hashlib.blake2b(key=self.key, digest_size=_DIGEST_BYTES)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()

    def resource(self, name: str, message: JsonObject) -> Resource:
        """Return `message` in its canonical form: sorted keys, no spaces."""
        body = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return Resource(name, self.of([name.encode(), body]), body)


@dataclass(frozen=True, slots=True)
class Offer:
    """The resources that answer one subscription, and the version of just these."""

    kind: Kind
    version: str
    resources: tuple[Resource, ...]

    def body(self) -> bytes:
        """Return the DiscoveryResponse as JSON."""
        head = json.dumps({"version_info": self.version, "type_url": self.kind.type_url})
        listed = b",".join(resource.body for resource in self.resources)
        return head[:-1].encode() + b',"resources":[' + listed + b"]}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything published, by kind and name. A kind that is missing has not been published yet."""

    collections: Mapping[Kind, Collection] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """One hash over all kinds, for people and logs."""
        return VersionKey().of(
            f"{kind}:{item.name}:{item.version}".encode()
            for kind in sorted(self.collections)
            for item in _ordered(self.collections[kind])
        )

    def of(self, kind: Kind) -> Collection:
        return self.collections.get(kind, {})

    def offer(self, kind: Kind, names: tuple[str, ...]) -> Offer | None:
        """Return what answers a poll; None when there is nothing to say yet."""
        collection = self.collections.get(kind)
        if collection is None:
            return None
        if kind not in POLLED_BY_NAME:
            found = tuple(_ordered(collection))
            return Offer(kind, VersionKey().of(item.version.encode() for item in found), found)
        found = tuple(collection[name] for name in names if name in collection)
        if not found:
            return None
        return Offer(kind, "+".join(item.version for item in found), found)

    def replaced(self, kinds: Iterable[Kind], newer: Snapshot) -> Snapshot:
        """Return this snapshot with the given kinds taken from `newer`."""
        return Snapshot({**self.collections, **{kind: newer.of(kind) for kind in kinds}})

    def extended(self, kinds: Iterable[Kind], newer: Snapshot) -> Snapshot:
        """Return this snapshot with what `newer` has added or changed, and nothing removed."""
        return Snapshot({**self.collections, **{kind: {**self.of(kind), **newer.of(kind)} for kind in kinds}})

    def changed(self, kinds: Iterable[Kind], newer: Snapshot) -> bool:
        """Say whether any of the kinds differs from `newer`."""
        return any(_versions(self, kind) != _versions(newer, kind) for kind in kinds)


def _ordered(collection: Collection) -> list[Resource]:
    return sorted(collection.values(), key=lambda resource: resource.name)


def _versions(snapshot: Snapshot, kind: Kind) -> Mapping[str, str] | None:
    collection = snapshot.collections.get(kind)
    return None if collection is None else {name: item.version for name, item in collection.items()}
