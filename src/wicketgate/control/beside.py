"""What Envoy answers by itself beside the project, joined when a version is published: no change of it compiles."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from wicketgate.envoy.acme_challenges import with_challenges
from wicketgate.envoy.documents import Document, with_documents
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Collection, Snapshot, VersionKey


@dataclass(slots=True)
class Beside:
    """`answers` to ACME challenges by token, and the issuer's `documents`."""

    key: VersionKey
    answers: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[Document, ...] = ()
    _joined: Collection = field(default_factory=dict)
    _of: tuple[object, ...] = ()

    def joined(self, snapshot: Snapshot) -> Snapshot:
        """Return a version that answers these too."""
        if not self.answers and not self.documents:
            return snapshot
        routes = snapshot.of(Kind.ROUTES)
        # Credentials are published every few seconds, and ten thousand routes are long to read and write.
        if self._of != (routes, self.answers, self.documents):
            self._joined, self._of = self._join(routes), (routes, self.answers, self.documents)
        return Snapshot({**snapshot.collections, Kind.ROUTES: self._joined})

    def _join(self, routes: Collection) -> Collection:
        found = [with_documents(json.loads(item.body), self.documents) for item in routes.values()]
        messages = [with_challenges(message, self.answers) for message in found]
        return {message["name"]: self.key.resource(message["name"], message) for message in messages}
