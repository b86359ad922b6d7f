"""The control plane put together: what runs beside what, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from wicketgate.compile import Compiled
from wicketgate.control.api import control_app
from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.live import Attempt, Live
from wicketgate.control.metrics import Metrics
from wicketgate.control.private_app import private_app
from wicketgate.control.readiness import Readiness, readiness
from wicketgate.control.servers import serve
from wicketgate.control.serving import serving_addresses, wait_warm
from wicketgate.control.settings import ControlSettings, Sockets
from wicketgate.control.watch import changes
from wicketgate.envoy.bootstrap import ADMIN_SOCKET
from wicketgate.errors import ProjectRefused, WicketError
from wicketgate.spec.variables import VariableLookup
from wicketgate.supervise.channel import Channel, Order, Report
from wicketgate.supervise.tasks import Tasks
from wicketgate.xds.board import Board
from wicketgate.xds.publisher import Publisher
from wicketgate.xds.server import xds_app
from wicketgate.xds.snapshot import VersionKey

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.03
_TICK_SECONDS = 1.0


class Variables(VariableLookup, Protocol):
    """The variables of an environment, read anew at each look-up."""

    def token(self) -> object:
        """Return something cheap that differs once any variable may have changed, also by another process."""

    def advance(self) -> None:
        """Take the rotations that are due one step on."""


@dataclass(slots=True)
class ControlPlane:
    """Runs until the supervisor goes away or the project that it starts with is refused."""

    settings: ControlSettings
    sockets: Sockets
    variables: Variables
    compiler: Callable[[VariableLookup], Compiled]
    draining: bool = False

    async def run(self) -> None:
        """Serve. Raises `ProjectRefused` or `WicketError` when nothing can be published at the start."""
        board = Board()
        admin = EnvoyAdmin(self.settings.run.path / ADMIN_SOCKET)
        publisher = Publisher(board, warmed=lambda: wait_warm(admin))
        live = Live(
            compiler=self.compiler,
            variables=lambda: self.variables,
            publisher=publisher,
            run=self.settings.run,
            key=VersionKey(self.settings.run.version_key()),
        )
        channel = await Channel.over(self.sockets.channel)
        await _Running(self, board, admin, publisher, live, Metrics(live, board), channel).run()


@dataclass(slots=True)
class _Running:
    plane: ControlPlane
    board: Board
    admin: EnvoyAdmin
    publisher: Publisher
    live: Live
    metrics: Metrics
    channel: Channel

    async def run(self) -> None:
        sockets = self.plane.sockets
        async with Tasks() as tasks:
            await self._begin()
            self.channel.send(Report.PUBLISHED)
            tasks.start("xds", serve(xds_app(self.board), sockets.xds))
            tasks.start("private", serve(private_app(self.metrics, self.admin, self._ready), sockets.private))
            api = control_app(self.live, reload=self._reload, ready=self._ready)
            tasks.start("control", serve(api, sockets.control))
            tasks.start("variables", self._follow_variables())
            tasks.start("ticks", self._tick())
            tasks.start("serving", self._announce())
            if self.plane.settings.watch:
                tasks.start("watch", self._watch())
            await self._obey(tasks)

    async def _begin(self) -> None:
        resumed = self.plane.settings.resume and await self.live.resume()
        attempt = await self._reload()
        if not attempt.ok and not resumed:
            raise _refused(attempt)

    async def _obey(self, tasks: Tasks) -> None:
        async for message in self.channel.messages():
            match message["kind"]:
                case Order.RELOAD:
                    tasks.start("reload", self._reload())
                case Order.DRAIN:
                    self.plane.draining = True
        _log.info("the supervisor is gone")
        self.board.close()

    async def _reload(self) -> Attempt:
        attempt = await self.live.reload()
        self.metrics.count(attempt)
        return attempt

    async def _ready(self) -> Readiness:
        return await readiness(self.live, self.board, self.admin, draining=self.plane.draining)

    async def _follow_variables(self) -> None:
        seen = self.plane.variables.token()
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            token = self.plane.variables.token()
            if token != seen:
                seen = token
                self.metrics.count(await self.live.refresh_secrets())
                await self._reload()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self.publisher.prune()
            self.plane.variables.advance()

    async def _watch(self) -> None:
        async for _ in changes(self.plane.settings.project):
            await self._reload()

    async def _announce(self) -> None:
        addresses = await serving_addresses(self.live, self.board, self.admin)
        self.channel.send(Report.SERVING, addresses=addresses)


def _refused(attempt: Attempt) -> WicketError:
    if attempt.diagnostics and any(item.is_error for item in attempt.diagnostics):
        return ProjectRefused(attempt.diagnostics)
    return WicketError(attempt.message, hint=attempt.hint)
