"""The servers we print configuration for: each module of this folder that has a `SERVER`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from wicketgate.guards.config import GuardConfig, GuardConfigError
from wicketgate.guards.server import Server


def _scan() -> Mapping[str, Server]:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = (import_module(f"wicketgate.guards.{name}") for name in names if name != "registry")
    found = (getattr(module, "SERVER", None) for module in modules)
    return MappingProxyType({server.name: server for server in found if isinstance(server, Server)})


_SERVERS = _scan()

SERVERS: tuple[str, ...] = tuple(_SERVERS)
"""Names of the servers, sorted."""


def render(server: str, config: GuardConfig) -> str:
    """Configuration text for `server`; same input, same bytes.

    Raises:
        GuardConfigError: the server is not one of `SERVERS`.
    """
    if server not in _SERVERS:
        raise GuardConfigError(f"server: {server!r} is not known", hint=f"use one of: {', '.join(SERVERS)}")
    return _SERVERS[server].render(config)
