"""What is live, and how it changes: compile, validate, publish, or keep the last good version."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace

from wicketgate.compile import Compiled
from wicketgate.control.beside import Beside
from wicketgate.control.candidate import Candidate, load_candidate, save_candidate
from wicketgate.control.secret_values import Values
from wicketgate.control.validation import refusal
from wicketgate.diagnostics import Diagnostic
from wicketgate.envoy.documents import Document
from wicketgate.errors import WicketError
from wicketgate.ir.secrets import SecretSource
from wicketgate.json_types import JsonObject
from wicketgate.supervise.run_directory import RunDirectory
from wicketgate.xds.board import Outcome
from wicketgate.xds.kinds import Kind
from wicketgate.xds.publisher import Publisher
from wicketgate.xds.snapshot import Snapshot, VersionKey

_log = logging.getLogger(__name__)

_CONFIGURATION = (Kind.CLUSTERS, Kind.LISTENERS, Kind.ROUTES)


Supply = Callable[[Mapping[str, SecretSource], Mapping[str, SecretSource]], AbstractAsyncContextManager[None]]
"""Has the broker's values at hand while a version is made live: for the secrets of the live one and of the next."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of one attempt to make a version live. With `ok` False the one before is still live."""

    ok: bool
    version: str = ""
    changed: bool = False
    message: str = ""
    hint: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    seconds: float = 0.0
    at: float = field(default_factory=time.time)


class Live:
    """Makes versions live, one at a time; `since` dates the live version.

    `project` is the latest attempt to make the project on disk live, `values` the latest with changed secrets alone.
    `kept` maps certificates in use that could not be replaced to what is wrong with the new ones.
    """

    def __init__(
        self,
        *,
        compiler: Callable[[Values], Compiled],
        values: Values,
        publisher: Publisher,
        run: RunDirectory,
        key: VersionKey,
        supply: Supply = lambda *_: nullcontext(),
    ) -> None:
        self._compiler = compiler
        self._supply = supply
        self._values = values
        self._publisher = publisher
        self._run = run
        self._key = key
        self._compiling = asyncio.Lock()
        self._publishing = asyncio.Lock()
        self._beside = Beside(key)
        self.candidate: Candidate | None = None
        self.snapshot = Snapshot()
        self.version = ""
        self.since = 0.0
        self.project: Attempt | None = None
        self.values: Attempt | None = None
        self.kept: Mapping[str, str] = {}

    @property
    def last(self) -> Attempt | None:
        """The latest attempt of either kind."""
        attempts = [attempt for attempt in (self.project, self.values) if attempt]
        return max(attempts, key=lambda attempt: attempt.at, default=None)

    @property
    def trouble(self) -> Attempt | None:
        """The attempt because of which something else is live than should be."""
        return next((attempt for attempt in (self.project, self.values) if attempt and not attempt.ok), None)

    async def resume(self) -> bool:
        """Publish the last good version from disk; False when there is none to publish."""
        self.candidate = load_candidate(self._run.last_good, self._key)
        return self.candidate is not None and (await self.refresh_secrets()).ok

    async def reload(self) -> Attempt:
        """Make the project on disk live. Secrets can change while it is compiled."""
        async with self._compiling:
            began = time.monotonic()
            compiled = await asyncio.to_thread(self._compile)
            async with self._publishing:
                self.project = await self._concluded(self._from_project(compiled), began)
                if self.project.ok:
                    self.values = None
                return self.project

    async def refresh_secrets(self) -> Attempt:
        """Make changed values of secrets live, without compiling anything."""
        async with self._publishing:
            self.values = await self._concluded(self._from_values(), time.monotonic())
            return self.values

    async def answer_challenges(self, answers: Mapping[str, str]) -> Attempt:
        """Make answers to ACME challenges live beside the project, by token; none takes them away."""
        self._beside.answers = answers
        return await self.refresh_secrets()

    def carry(self, documents: tuple[Document, ...]) -> None:
        """Let documents be part of whatever is made live from now on."""
        self._beside.documents = documents

    async def publish_documents(self, documents: tuple[Document, ...]) -> Attempt:
        """Make documents live beside the project, whatever state the project on disk is in."""
        self.carry(documents)
        return await self.refresh_secrets()

    async def _concluded(self, work: Awaitable[Attempt], began: float) -> Attempt:
        try:
            attempt = await work
        except WicketError as error:
            attempt = Attempt(False, message=error.message, hint=error.hint)
        attempt = replace(attempt, version=self.version, seconds=time.monotonic() - began)
        _report(attempt)
        return attempt

    def _compile(self) -> tuple[Candidate | None, tuple[Diagnostic, ...]]:
        compiled = self._compiler(self._values)
        candidate = Candidate.of(compiled.resources, self._key) if compiled.resources else None
        return candidate, compiled.diagnostics

    async def _from_project(self, compiled: tuple[Candidate | None, tuple[Diagnostic, ...]]) -> Attempt:
        candidate, diagnostics = compiled
        if candidate is None:
            return Attempt(False, message="the project has errors", diagnostics=diagnostics)
        return replace(await self._make_live(candidate), diagnostics=diagnostics)

    async def _from_values(self) -> Attempt:
        if self.candidate is None:
            return Attempt(False, message="nothing is live yet")
        return await self._make_live(self.candidate)

    async def _make_live(self, candidate: Candidate) -> Attempt:
        async with self._supply(self.candidate.sources if self.candidate else {}, candidate.sources):
            return await self._publish(candidate)

    async def _publish(self, candidate: Candidate) -> Attempt:
        target, kept = self._joined(candidate)
        if reason := await self._refusal(candidate):
            return Attempt(False, message=f"Envoy refuses the configuration: {reason}")
        outcome = await self._publisher.publish(target)
        if outcome.rejections:
            return Attempt(False, message=_rejected(outcome))
        self.kept = kept
        return self._commit(candidate, target, save=self._changes(candidate, _CONFIGURATION))

    def _joined(self, candidate: Candidate) -> tuple[Snapshot, Mapping[str, str]]:
        joined = candidate.joined(self._values, self._key, held=self.snapshot.of(Kind.SECRETS))
        for name, problem in joined.kept.items():
            if self.kept.get(name) != problem:
                _log.error("the certificate in use stays: %s", problem, extra={"secret": name})
        return self._beside.joined(joined.snapshot), joined.kept

    async def _refusal(self, candidate: Candidate) -> str | None:
        """Ask an Envoy that serves nothing. Changed routes alone are left to the one that serves: it takes them whole
        or keeps what it has, and to read thousands of them twice would double the time to live."""
        if self.candidate is None:
            return await refusal(candidate.configuration, self._run.path)
        if self._changes(candidate, (Kind.CLUSTERS, Kind.LISTENERS)):
            return await refusal(candidate.configuration.replaced([Kind.ROUTES], Snapshot()), self._run.path)
        return None

    def _changes(self, candidate: Candidate, kinds: tuple[Kind, ...]) -> bool:
        return self.candidate is None or self.candidate.configuration.changed(kinds, candidate.configuration)

    def _commit(self, candidate: Candidate, target: Snapshot, *, save: bool) -> Attempt:
        if save:
            save_candidate(self._run.last_good, candidate)
        changed = target.version != self.version
        if changed:
            self.version, self.since = target.version, time.time()
        self.candidate, self.snapshot = candidate, target
        return Attempt(True, changed=changed)


def _rejected(outcome: Outcome) -> str:
    kinds = ", ".join(sorted({item.key.kind.value for item in outcome.rejections}))
    return f"Envoy rejected the published {kinds}; its log says why"


def _report(attempt: Attempt) -> None:
    facts: JsonObject = {"version": attempt.version, "seconds": round(attempt.seconds, 4)}
    if attempt.ok:
        _log.info("live" if attempt.changed else "nothing changed", extra=facts)
        return
    errors = [f"{item.span}: {item.message}" for item in attempt.diagnostics if item.is_error]
    consequence = "the last good version keeps serving" if attempt.version else "nothing is served"
    facts |= {"errors": errors, "hint": attempt.hint}
    _log.error("%s; %s", attempt.message, consequence, extra=facts)
