"""The servers we print mutual TLS for: each module of this folder that has a `SERVER`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from wicketgate.guards.config import GuardConfigError
from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import MtlsServer


def _scan() -> Mapping[str, MtlsServer]:
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = (import_module(f"wicketgate.guards.mtls.{name}") for name in names if name != "registry")
    found = (getattr(module, "SERVER", None) for module in modules)
    return MappingProxyType({server.name: server for server in found if isinstance(server, MtlsServer)})


_SERVERS = _scan()

MTLS_SERVERS: tuple[str, ...] = tuple(_SERVERS)
"""Names of the servers, sorted."""


def render_mtls(server: str, config: MtlsConfig) -> str:
    """Configuration text for `server`; same input, same bytes.

    Raises:
        GuardConfigError: the server is not one of `MTLS_SERVERS`, or cannot do what was chosen.
    """
    if server not in _SERVERS:
        known = ", ".join(MTLS_SERVERS)
        raise GuardConfigError(f"server: {server!r} is not known with --mtls", hint=f"use one of: {known}")
    found = _SERVERS[server]
    if config.crl is not None and not found.reads_crl:
        raise GuardConfigError(
            f"crl: {server} cannot check revocation lists",
            hint="leave --crl out and let client certificates live shortly",
        )
    if config.upstream is not None and found.runs_application:
        raise GuardConfigError(
            f"upstream: {server} runs the application itself", hint="leave --upstream out; the printed text says how"
        )
    return found.render(config)
