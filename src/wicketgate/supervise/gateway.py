"""`wicket run`: starts Envoy and the control plane, keeps both alive, and stops them without loss."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from dataclasses import dataclass
from pathlib import Path

from wicketgate.envoy.bootstrap import SECRETS_SOCKET, XDS_SOCKET
from wicketgate.spec.installation import Installation, split_address
from wicketgate.supervise.channel import Channel, Order, Report
from wicketgate.supervise.child import Child
from wicketgate.supervise.control_command import ControlCommand
from wicketgate.supervise.drain import Drain
from wicketgate.supervise.envoy_command import EnvoyCommand, envoy_environment
from wicketgate.supervise.log import log_to_stderr
from wicketgate.supervise.parent_death import ending_with
from wicketgate.supervise.run_directory import RunDirectory
from wicketgate.supervise.settings import RunSettings, read_installation
from wicketgate.supervise.sockets import address_of, listen_tcp, listen_unix, reserve_tcp
from wicketgate.supervise.tasks import Tasks

_log = logging.getLogger(__name__)

_START_ATTEMPTS = 5
"""An Envoy that ends this often before it ever served will not serve the next time either."""


def run_gateway(
    project: Path,
    *,
    environment: str,
    listen: tuple[str, ...] = (),
    watch: bool = False,
    state_dir: Path | None = None,
) -> int:
    """Run the gateway of `project` until SIGTERM or SIGINT; returns the exit status.

    Prints `listening on URL` for each address once traffic is served. Must run in the main thread.
    Raises `AlreadyRunningError`, `AddressInUseError` or another `WicketError` for what prevents the start.
    """
    settings = RunSettings(project.absolute(), environment, listen, watch, state_dir)
    installation = read_installation(project)
    log_to_stderr(installation.log.level)
    run = RunDirectory.of(settings.project, state_dir)
    run.create()
    lock = run.lock()
    try:
        run.last_good.unlink(missing_ok=True)
        run.forget_keys()
        sockets = _Sockets.bind(settings, installation, run)
        return asyncio.run(_Gateway(settings, installation, run, sockets).run())
    finally:
        run.forget_keys()
        os.close(lock)


@dataclass(frozen=True, slots=True)
class _Sockets:
    """Bound here, once: a killed control plane refuses no connection, and Envoy finds its ports again."""

    xds: socket.socket
    secrets: socket.socket
    control: socket.socket
    private: socket.socket
    held: tuple[socket.socket, ...]

    @classmethod
    def bind(cls, settings: RunSettings, installation: Installation, run: RunDirectory) -> _Sockets:
        addresses = settings.listen or tuple(item.address for item in installation.listeners)
        return cls(
            held=tuple(reserve_tcp(*split_address(address)) for address in addresses),
            private=listen_tcp(*split_address(installation.admin.address)),
            xds=listen_unix(run.path / XDS_SOCKET),
            secrets=listen_unix(run.path / SECRETS_SOCKET),
            control=listen_unix(run.control_socket),
        )

    def command(self, settings: RunSettings) -> ControlCommand:
        """Return how to start the control plane on these sockets, with the ports as bound."""
        listen = tuple(map(address_of, self.held)) if settings.listen else ()
        sockets = (self.xds, self.secrets, self.control, self.private)
        return ControlCommand(settings, listen, tuple(each.fileno() for each in sockets))


class _Gateway:
    def __init__(self, settings: RunSettings, installation: Installation, run: RunDirectory, sockets: _Sockets) -> None:
        self._installation = installation
        self._run = run
        self._sockets = sockets
        self._envoy_command = EnvoyCommand(run, installation)
        self._control_command = sockets.command(settings)
        self._envoy = Child("Envoy", self._start_envoy)
        self._control = Child("control plane", self._start_control)
        self._tasks = Tasks(failed=lambda: self._give_up(1))
        self._channel: Channel | None = None
        self._published = False
        self._announced: set[str] = set()
        self._status = 0
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        self._handle_signals()
        async with self._tasks:
            self._tasks.start("control plane", self._control.keep(ended=self._control_ended))
            self._tasks.start("envoy", self._envoy.keep(ended=self._envoy_ended))
            await self._stop.wait()
            await self._shut_down()
        return self._status

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._asked_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._tell, Order.RELOAD)

    def _asked_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _tell(self, order: Order) -> None:
        if self._channel is not None:
            self._channel.send(order)

    async def _start_envoy(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *self._envoy_command.arguments(),
            cwd=self._run.path,
            env=envoy_environment(),
            stdin=DEVNULL,
            preexec_fn=ending_with(os.getpid()),
            process_group=0,  # Ctrl-C in a terminal reaches the supervisor alone, which then drains
        )

    async def _start_control(self) -> Process:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *self._control_command.arguments(theirs.fileno(), resume=self._published),
                pass_fds=self._control_command.descriptors(theirs.fileno()),
                stdin=DEVNULL,
                stdout=sys.stderr.fileno(),
                process_group=0,
            )
        self._channel = await Channel.over(ours)
        self._tasks.start("reports", self._listen(self._channel))
        return process

    async def _listen(self, channel: Channel) -> None:
        async for message in channel.messages():
            match message["kind"]:
                case Report.PUBLISHED:
                    self._published = True
                case Report.SERVING:
                    self._announce(message["addresses"])
        channel.close()

    def _announce(self, addresses: list[str]) -> None:
        fresh = [address for address in addresses if address not in self._announced]
        for address in fresh:
            print(f"listening on {address}", flush=True)
        if not self._announced:
            print(f"metrics and health on http://{address_of(self._sockets.private)}", flush=True)
        self._announced.update(fresh)

    def _control_ended(self, status: int) -> bool:
        if self._published or status <= 0:
            return True
        self._give_up(status)
        return False

    def _envoy_ended(self, status: int) -> bool:
        if self._announced or self._envoy.backoff.failures < _START_ATTEMPTS:
            return True
        _log.error("Envoy does not start", extra={"status": status})
        self._give_up(1)
        return False

    def _give_up(self, status: int) -> None:
        self._status = status
        self._stop.set()

    async def _shut_down(self) -> None:
        self._control.stopping = self._envoy.stopping = True
        self._tell(Order.DRAIN)
        if self._status == 0:
            await self._drain()
        await self._envoy.stop(at_once=self._hurry.is_set())
        await self._control.stop(at_once=self._hurry.is_set())

    async def _drain(self) -> None:
        drain = Drain(self._run.path / "admin.sock", seconds=self._installation.envoy.drain_seconds)
        drained = self._tasks.start("drain", drain.run())
        hurried = self._tasks.start("hurry", self._hurry.wait())
        await asyncio.wait({drained, hurried}, return_when=asyncio.FIRST_COMPLETED)
