"""Sockets that the supervisor binds, so that they outlive the control plane."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from wicketgate.errors import WicketError

_BACKLOG = 4096


class AddressInUseError(WicketError):
    """An address to listen on belongs to another process, or not to this machine."""

    exit_code = 3


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """Give a name of `path` that fits in a socket address (108 bytes), however deep the project lies."""
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


def listen_unix(path: Path) -> socket.socket:
    """Listen on a UNIX socket that only its owner can reach. A stale one is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short_path(path) as short:
        listener.bind(short)
    path.chmod(0o600)
    listener.listen(_BACKLOG)
    return listener


def listen_tcp(host: str, port: int) -> socket.socket:
    """Listen on a TCP address; port 0 takes a free one. Raises `AddressInUseError`."""
    listener = _tcp(host)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    _bind(listener, host, port)
    listener.listen(128)
    return listener


def reserve_tcp(host: str, port: int) -> socket.socket:
    """Hold an address for Envoy without listening on it; port 0 takes a free one.

    Envoy binds it too (SO_REUSEPORT), also after a restart, while nobody else can take it in between.
    Raises `AddressInUseError`, also when another gateway serves there, which SO_REUSEPORT alone would allow.
    """
    if port:
        with _tcp(host) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind(probe, host, port)
    held = _tcp(host)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    _bind(held, host, port)
    return held


def address_of(listener: socket.socket) -> str:
    """Return `ADDR:PORT` as bound, IPv6 in brackets."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


def _tcp(host: str) -> socket.socket:
    family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    return socket.socket(family, socket.SOCK_STREAM)


def _bind(listener: socket.socket, host: str, port: int) -> None:
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AddressInUseError(
            f"cannot listen on {host} port {port}: {error.strerror}",
            hint="choose another with --listen or in wicket.toml, or stop what uses it",
        ) from error
