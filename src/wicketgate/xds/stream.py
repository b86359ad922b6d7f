"""What one Envoy is known to hold of the secrets that it asks for over its stream (incremental xDS)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wicketgate.xds.refusal import Refusal
from wicketgate.xds.snapshot import Collection as Resources
from wicketgate.xds.snapshot import Resource
from wicketgate.xds.subscription import Standing

MOST_AT_ONCE = 100
"""Resources in one answer. Envoy takes or refuses an answer as a whole, so none is all there is."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer; Envoy names its `nonce` when it takes or refuses it."""

    nonce: str
    resources: tuple[Resource, ...]


class Stream:
    """The record of one stream, without I/O and without a clock.

    A refusal does not say which resource of the answer is meant: then each is sent anew, alone.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        self.wake = asyncio.Event()
        self._names: set[str] = set()
        self._held: dict[str, str] = {}
        self._sent: dict[str, str] = {}
        self._unanswered: dict[str, Mapping[str, str]] = {}
        self._refusals: dict[str, Refusal] = {}
        self._alone: set[str] = set()
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
        for name, version in self._unanswered.pop(nonce, {}).items():
            if name in self._names:
                self._held[name] = version
                self._alone.discard(name)
                self._refusals.pop(name, None)

    def refused(self, nonce: str, now: float) -> None:
        """Take note that Envoy has refused an answer, or a part of it."""
        answer = self._unanswered.pop(nonce, {})
        for name, version in answer.items():
            if self._sent.get(name) == version:
                self._sent.pop(name)
            if len(answer) > 1:
                self._alone.add(name)
            else:
                self._refusals[name] = Refusal.after(self._refusals.get(name), version, now)
        self.touch(answer)

    def next(self, published: Resources, now: float) -> Batch | None:
        """Return what is to be sent now, and count it as sent."""
        chosen = self._chosen(published, now)
        if not chosen:
            return None
        self._count += 1
        versions = {resource.name: resource.version for resource in chosen}
        nonce = str(self._count)
        self._sent.update(versions)
        self._unanswered[nonce] = versions
        for name in versions:
            del self._unseen[name]
        return Batch(nonce, tuple(chosen))

    def retry_at(self) -> float:
        """Return when something that is held back is due."""
        waiting = (self._refusals[name].retry_at for name in self._unseen if name in self._refusals)
        return min(waiting, default=float("inf"))

    def standings(self, published: Resources) -> Iterator[tuple[str, str, Standing]]:
        """Yield name, version and standing of everything that is asked for and published."""
        for name in self._names:
            if name in published:
                version = published[name].version
                yield name, version, self._standing(name, version)

    def _standing(self, name: str, version: str) -> Standing:
        if self._held.get(name) == version:
            return Standing.ACCEPTED
        refusal = self._refusals.get(name)
        return Standing.REJECTED if refusal and refusal.version == version else Standing.WAITING

    def _chosen(self, published: Resources, now: float) -> list[Resource]:
        """Those that are to be sent alone come last."""
        together: list[Resource] = []
        alone: list[Resource] = []
        for name in list(self._unseen):
            resource = published.get(name)
            if resource is None or self._sent.get(name) == resource.version:
                del self._unseen[name]
            elif not self._is_held_back(resource, now):
                (alone if name in self._alone else together).append(resource)
            if len(together) == MOST_AT_ONCE:
                break
        return together or alone[:1]

    def _is_held_back(self, resource: Resource, now: float) -> bool:
        refusal = self._refusals.get(resource.name)
        return refusal is not None and refusal.holds_back(resource.version, now)

    def _forget(self, name: str) -> None:
        for known in (self._held, self._sent, self._refusals):
            known.pop(name, None)
        self._alone.discard(name)
        self._unseen.pop(name, None)
