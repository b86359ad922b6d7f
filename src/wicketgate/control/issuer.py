"""The issuer in the control plane: its keys kept and rolled, its documents published, its tokens signed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING

from wicketgate.broker.source import Obtained
from wicketgate.control.signing import Signing, identity_in, signing_with
from wicketgate.envoy.documents import Document
from wicketgate.errors import WicketError
from wicketgate.issuer.documents import KEYS_PATH, METADATA_PATH, key_set, metadata
from wicketgate.issuer.identity import Identity
from wicketgate.issuer.keys import Algorithm
from wicketgate.issuer.rotation import MAX_AGE, NEVER, KeyInService, Schedule
from wicketgate.spec.installation import IssuerSection

if TYPE_CHECKING:
    from wicketgate.control.live import Live
    from wicketgate.store.issuer_keys import IssuerKeys

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_TROUBLE_SECONDS = 30.0
OUR_PATH = "/__wicket/issuer"


class IssuerKeeper:
    """Signs with the current key, once it is published. `rolled` is called when another key signs."""

    def __init__(
        self,
        section: IssuerSection,
        keys: Callable[[], IssuerKeys],
        *,
        project: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._section = section
        self._open = keys
        self._project = project
        self._clock = clock
        self._identity: Identity | None = None
        self._keys: tuple[KeyInService, ...] = ()
        self._signing: Signing | None = None
        self._seen = -1
        self._quiet = (0.0, 0.0)
        self._published: tuple[Document, ...] = ()
        self._known: frozenset[str] = frozenset()
        self.rolled: Callable[[], None] = lambda: None
        self.problem = ""

    @property
    def schedule(self) -> Schedule:
        return Schedule.for_tokens(self._section.rotate_after, self._section.publish_ahead)

    def sign(self, *, audience: str, subject: str, life: float, claims: dict[str, object]) -> Obtained:
        """Return a token. Raises `WicketError` while there is no key."""
        if self._signing is None:
            raise WicketError("the issuer has no key yet", hint=self.problem or "it is being made")
        return self._signing.sign(audience=audience, subject=subject, life=life, claims=claims)

    def speaks_as(self) -> tuple[str, ...]:
        """Return what is the same in all its tokens, and what signs them."""
        if self._signing is None:
            return ()
        return *astuple(self._signing.identity), self._signing.signer.algorithm.value, self._signing.signer.kid

    def documents(self) -> tuple[Document, ...]:
        """Return what the gateway publishes of itself, at both of its paths."""
        if not self._keys:
            return ()
        keys = [each.key for each in self._keys]
        found = {METADATA_PATH: metadata(self._section.issuer, keys), KEYS_PATH: key_set(keys)}
        bases = dict.fromkeys((self._section.base_path, OUR_PATH))
        age = int(min(MAX_AGE, self._section.publish_ahead))
        return tuple(Document(f"{base}{path}", body, age) for base in bases for path, body in found.items())

    async def prepare(self) -> None:
        """See to it that there are keys. Raises `WicketError`."""
        await asyncio.to_thread(self._look)
        self._note_live(self.documents())
        self._sign_with_current()

    async def keep(self, live: Live) -> None:
        """Roll the keys as their times come, until cancelled. What `prepare` made is live when this begins."""
        while True:
            await asyncio.sleep(_TROUBLE_SECONDS if self.problem else _LOOK_SECONDS)
            try:
                await asyncio.to_thread(self._look)
                self.problem = ""
            except WicketError as error:
                if self.problem != error.message:
                    _log.error("cannot keep the issuer's keys: %s", error.message, extra={"hint": error.hint})
                self.problem = error.message
            await self._publish(live)
            if self._sign_with_current():
                self.rolled()

    async def _publish(self, live: Live) -> None:
        documents = self.documents()
        if documents == self._published:
            return
        attempt = await live.publish_documents(documents)
        if attempt.ok:
            self._note_live(documents)
        else:
            self.problem = f"the issuer's keys are not published: {attempt.message}"

    def _note_live(self, documents: tuple[Document, ...]) -> None:
        self._published = documents
        self._known = frozenset(each.key.kid for each in self._keys)

    def _sign_with_current(self) -> bool:
        """Tell whether another key signs from now on: never one that nobody can fetch, whoever asked for it."""
        key, identity = self._keys[0].key, self._identity
        if identity is None or key.kid not in self._known or (self._signing and self._signing.signer.kid == key.kid):
            return False
        self._signing = signing_with(key, identity, self._section, self._clock)
        _log.info("a key of the issuer signs", extra={"kid": key.kid})
        return True

    def _note_published(self, keys: IssuerKeys) -> None:
        """Only a key that verifiers can fetch comes nearer to signing."""
        if self._published != self.documents():
            return
        for each in self._keys:
            if each.since == NEVER:
                keys.note_published(each.key.kid)

    def _look(self) -> None:
        keys = self._open()
        self._note_published(keys)
        sequence, now = keys.database.sequence(), keys.database.clock()
        since, due = self._quiet
        # A clock that went back says nothing of when the next step is due.
        if sequence == self._seen and since <= now < due:
            return
        self._quiet = now, keys.advance(self.schedule, Algorithm(self._section.algorithm))
        self._seen = keys.database.sequence()
        self._identity = identity_in(keys, self._section, self._project)
        self._keys = keys.keys()
