"""What one Envoy is known to hold of the secrets that it asks for over its stream (incremental xDS)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wicketgate.xds.snapshot import Collection, Resource
from wicketgate.xds.subscription import Standing


@dataclass(frozen=True, slots=True)
class Answer:
    """Envoy names the `nonce` when it takes or refuses the resource. It refuses an answer as a whole, and what it
    refused once it takes unseen the second time: so each resource goes alone, and none is sent twice."""

    nonce: str
    resource: Resource


class Stream:
    """The record of one stream, without I/O and without a clock. Versions are by the name of the resource."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.wake = asyncio.Event()
        self._names: set[str] = set()
        self._held: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._unanswered: dict[str, Resource] = {}
        self._unseen: dict[str, None] = {}
        self._count = 0

    def ask(self, names: Iterable[str], *, held: Mapping[str, str]) -> None:
        """Take note of names that are asked for, now or again; `held` are the versions that Envoy has kept of them."""
        for name in names:
            self._forget(name)
            self._names.add(name)
            if name in held:
                self._held[name] = self._sent[name] = held[name]
        self.touch(names)

    def leave(self, names: Iterable[str]) -> None:
        """Take note of names that are asked for no longer."""
        for name in names:
            self._forget(name)
            self._names.discard(name)

    def touch(self, names: Iterable[str]) -> None:
        """Look at these names again: they are asked for, or what is published under them has changed."""
        if found := self._names.intersection(names):
            self._unseen.update(dict.fromkeys(found))
            self.wake.set()

    def accepted(self, nonce: str) -> None:
        """Take note that Envoy has taken an answer."""
        resource = self._unanswered.pop(nonce, None)
        if resource is not None and resource.name in self._names:
            self._held[resource.name] = resource.version

    def refused(self, nonce: str) -> None:
        """Take note that Envoy has refused an answer."""
        resource = self._unanswered.pop(nonce, None)
        if resource is not None and resource.name in self._names:
            self._refused[resource.name] = resource.version

    def next(self, published: Collection) -> Answer | None:
        """Return what is to be sent now, and count it as sent."""
        while self._unseen:
            name = next(iter(self._unseen))
            del self._unseen[name]
            resource = published.get(name)
            if resource is not None and resource.version != self._sent.get(name):
                return self._answer(resource)
        return None

    def standings(self, published: Collection) -> Iterator[tuple[str, str, Standing]]:
        """Yield name, version and standing of everything that is asked for and published."""
        for name in self._names:
            if name in published:
                version = published[name].version
                yield name, version, self._standing(name, version)

    def _answer(self, resource: Resource) -> Answer:
        self._count += 1
        answer = Answer(str(self._count), resource)
        self._sent[resource.name] = resource.version
        self._unanswered[answer.nonce] = resource
        return answer

    def _standing(self, name: str, version: str) -> Standing:
        if self._held.get(name) == version:
            return Standing.ACCEPTED
        return Standing.REJECTED if self._refused.get(name) == version else Standing.WAITING

    def _forget(self, name: str) -> None:
        for known in (self._held, self._sent, self._refused):
            known.pop(name, None)
        self._unseen.pop(name, None)
