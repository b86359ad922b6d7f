"""The control plane put together: what runs beside what, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from starlette.applications import Starlette

from wicketgate.certificates import Certificates
from wicketgate.compile import Compiled
from wicketgate.control.acme import AcmeKeeper
from wicketgate.control.api import control_app
from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.delivery import Delivery
from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.expiry import ExpiryWatch
from wicketgate.control.fixed import Fixed
from wicketgate.control.issuer import IssuerKeeper
from wicketgate.control.live import Attempt, Live
from wicketgate.control.metrics import Metrics
from wicketgate.control.private_app import private_app
from wicketgate.control.private_authority import AuthorityKeeper
from wicketgate.control.readiness import Readiness, readiness
from wicketgate.control.secret_values import Values
from wicketgate.control.servers import serve
from wicketgate.control.serving import serving_addresses, wait_warm
from wicketgate.control.settings import ControlSettings, Sockets
from wicketgate.control.tls_failures import TlsFailures
from wicketgate.control.variables import VariableFollower, Variables
from wicketgate.control.watch import changes
from wicketgate.envoy.bootstrap import ADMIN_SOCKET
from wicketgate.errors import ProjectRefused, WicketError
from wicketgate.supervise.channel import Channel, Order, Report
from wicketgate.supervise.tasks import Tasks
from wicketgate.xds.board import Board
from wicketgate.xds.publisher import Publisher
from wicketgate.xds.secret_server import serve_secrets
from wicketgate.xds.server import xds_app
from wicketgate.xds.snapshot import VersionKey

_log = logging.getLogger(__name__)

_TICK_SECONDS = 1.0
_THREADS = 64
"""Names are resolved in them too, and a resolver that does not answer holds each for half a minute. Python's own number
is six on a machine of two cores."""


@dataclass(slots=True)
class ControlPlane:
    """Runs until the supervisor goes away or the project that it starts with is refused."""

    settings: ControlSettings
    sockets: Sockets
    variables: Variables
    certificates: Certificates
    authority: AuthorityKeeper
    acme: AcmeKeeper | None
    credentials: CredentialKeeper
    issuer: IssuerKeeper | None
    compiler: Callable[[Values], Compiled]
    fixed: Fixed
    draining: bool = False

    async def run(self) -> None:
        """Serve. Raises `ProjectRefused` or `WicketError` when nothing can be published at the start."""
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "control"))
        board = Board()
        admin = EnvoyAdmin(self.settings.run.path / ADMIN_SOCKET)
        publisher = Publisher(board, warmed=lambda: wait_warm(admin))
        key = VersionKey(self.settings.run.version_key())
        delivery = Delivery(self.credentials, board, key)
        live = Live(
            compiler=self.compiler,
            values=Values(self.variables, self.certificates),
            publisher=publisher,
            run=self.settings.run,
            key=key,
            supply=delivery.supply,
        )
        expiry = ExpiryWatch(live, self.certificates)
        channel = await Channel.over(self.sockets.channel)
        metrics = Metrics(live, board, expiry, self.credentials)
        await _Running(self, board, admin, publisher, live, delivery, expiry, metrics, channel).run()


class PartFailedError(Exception):
    """A part of the control plane ended with an error, so all of it is started anew."""


@dataclass(slots=True)
class _Running:
    plane: ControlPlane
    board: Board
    admin: EnvoyAdmin
    publisher: Publisher
    live: Live
    delivery: Delivery
    expiry: ExpiryWatch
    metrics: Metrics
    channel: Channel
    stale: asyncio.Event = field(default_factory=asyncio.Event)
    failed: bool = False

    async def run(self) -> None:
        follower = VariableFollower(self.plane.variables, self.plane.certificates)
        if self.plane.acme is not None:
            await self.plane.acme.prepare()
        async with Tasks(failed=self._fail) as tasks:
            if self.plane.issuer is not None:
                await self.plane.issuer.prepare()
                self.live.carry(self.plane.issuer.documents())
            tasks.start("broker", self.plane.credentials.run())
            await self._begin()
            self.channel.send(Report.PUBLISHED)
            self._serve(tasks)
            tasks.start("credentials", self.delivery.keep(self.live))
            tasks.start("remembered credentials", self.delivery.remember())
            tasks.start("variables", follower.follow(self.live, stale=self.stale.set, count=self.metrics.count))
            tasks.start("reloads", self._reload_when_stale())
            tasks.start("ticks", self._tick())
            tasks.start("expiry", self.expiry.watch())
            tasks.start("TLS failures", TlsFailures(self.admin, self.live).watch())
            tasks.start("private authority", self.plane.authority.keep())
            if (issuer := self.plane.issuer) is not None:
                issuer.rolled = self.plane.credentials.issuer_rolled
                tasks.start("issuer", issuer.keep(self.live))
            if self.plane.acme is not None:
                tasks.start("acme", self.plane.acme.keep(self.live))
            tasks.start("serving", self._announce())
            if self.plane.settings.watch:
                tasks.start("watch", self._watch())
            await self._obey()
        if self.failed:
            raise PartFailedError

    def _serve(self, tasks: Tasks) -> None:
        sockets = self.plane.sockets
        api = control_app(
            self.live,
            reload=self._reload,
            ready=self._ready,
            certificates=self.expiry.messages,
            credentials=self.plane.credentials.messages,
        )
        tasks.start("xds", serve(xds_app(self.board), sockets.xds))
        tasks.start("secrets", serve_secrets(self.board, sockets.secrets))
        tasks.start("private", serve(self._private_app(), sockets.private))
        tasks.start("control", serve(api, sockets.control))

    def _private_app(self) -> Starlette:
        return private_app(self.metrics, self.admin, self._ready, published=self.plane.authority.published)

    def _fail(self) -> None:
        self.failed = True
        self.channel.close()

    async def _begin(self) -> None:
        """Publish something. What was live before serves at once; the project is compiled beside it."""
        if self.plane.settings.resume and await self.live.resume():
            self.stale.set()
            return
        attempt = await self._reload()
        if not attempt.ok:
            raise _refused(attempt)

    async def _obey(self) -> None:
        async for message in self.channel.messages():
            match message["kind"]:
                case Order.RELOAD:
                    self.stale.set()
                case Order.DRAIN:
                    self.plane.draining = True
        self.board.close()

    async def _reload(self) -> Attempt:
        attempt = await self.live.reload()
        self.metrics.count(attempt)
        if attempt.ok and (waits := self.plane.fixed.changed()):
            _log.warning(waits)
            return replace(attempt, message=waits)
        return attempt

    async def _reload_when_stale(self) -> None:
        while True:
            await self.stale.wait()
            self.stale.clear()
            await self._reload()

    async def _ready(self) -> Readiness:
        awaited = self.plane.acme.missing if self.plane.acme else ""
        issuer = self.plane.issuer.problem if self.plane.issuer else ""
        missing = "; ".join(filter(None, (awaited, issuer, self.expiry.unusable, self.plane.credentials.missing)))
        return await readiness(self.live, self.board, self.admin, draining=self.plane.draining, missing=missing)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.publisher.prune()
            try:
                self.plane.variables.advance()
            except WicketError as error:
                _log.error("cannot advance the rotations: %s", error.message, extra={"hint": error.hint})

    async def _watch(self) -> None:
        async for _ in changes(self.plane.settings.project):
            self.stale.set()

    async def _announce(self) -> None:
        addresses = await serving_addresses(self.live, self.board, self.admin)
        self.channel.send(Report.SERVING, addresses=addresses)


def _refused(attempt: Attempt) -> WicketError:
    if attempt.diagnostics and any(item.is_error for item in attempt.diagnostics):
        return ProjectRefused(attempt.diagnostics)
    return WicketError(attempt.message, hint=attempt.hint)
