"""The servers we print token guards for: each module of this folder that has a `SERVER`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from wicketgate.guards.config import GuardConfigError
from wicketgate.guards.token.config import TokenConfig
from wicketgate.guards.token.server import TokenServer


def _scan() -> Mapping[str, TokenServer]:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = (import_module(f"wicketgate.guards.token.{name}") for name in names if name != "registry")
    found = (getattr(module, "SERVER", None) for module in modules)
    return MappingProxyType({server.name: server for server in found if isinstance(server, TokenServer)})


_SERVERS = _scan()

TOKEN_SERVERS: tuple[str, ...] = tuple(_SERVERS)
"""Names of the servers, sorted."""


def render_token(server: str, config: TokenConfig) -> str:
    """Configuration text for `server`; same input, same bytes. Raises `GuardConfigError` for one that is not known."""
    if server not in _SERVERS:
        raise GuardConfigError(
            f"server: {server!r} is not known with --token",
            hint=f"use one of: {', '.join(TOKEN_SERVERS)}; in Python and Express use TokenGuard and tokenGuard",
        )
    return _SERVERS[server].render(config)
