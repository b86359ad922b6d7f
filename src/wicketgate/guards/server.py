"""What a server's module gives, and the words that all printed configurations share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from wicketgate.guards.config import GuardConfig

PROBLEM = {
    "type": "https://httpproblems.com/http-status/401",
    "title": "Unauthorized",
    "status": 401,
    "detail": "This origin answers its gateway only. Send the request through the gateway.",
}
"""The refusal without its `instance`; one sentence for every reason, so that a caller learns nothing."""


@dataclass(frozen=True, slots=True)
class Server:
    """One kind of server: its name on the command line and the pure function that prints its guard."""

    name: str
    render: Callable[[GuardConfig], str]


def problem_with(instance: str) -> str:
    """The refusal as JSON; `instance` is the server's own expression for the path, escaped for JSON."""
    body = json.dumps(PROBLEM, separators=(",", ":"))
    return f'{body[:-1]},"instance":{instance}}}'


def heading(server: str, config: GuardConfig) -> str:
    """First comment lines: what this is, what it lacks, and that `observe` protects nothing yet."""
    lines = [f"# Wicketgate guard for {server}: header {config.header}, mode {config.mode}."]
    if not config.enforcing:
        lines.append("# OBSERVE: everything is let through; what enforce mode would refuse is only logged.")
    lines += [
        "# It listens without TLS. Unless the gateway is on this machine or comes through a tunnel, add TLS",
        "# to the listener: in the clear, anyone on the way can read the secret.",
    ]
    return "\n".join(lines)


def fill(template: str, **values: str) -> str:
    """`template` with each `@name@` replaced; the languages printed here use every other kind of bracket."""
    for name, value in values.items():
        template = template.replace(f"@{name}@", value)
    return template


def ask_secret(then: str) -> str:
    """A bash line that asks for the secret without echo, and never puts it in an argument list."""
    return f"#   $ (umask 077; IFS= read -rsp 'secret: ' SECRET; {then})"


def embedded(script: str, marker: str) -> str:
    """A script as comment lines that start with `marker`, to be cut out of the saved text by a command."""
    return "\n".join(f"{marker} {line}".rstrip() for line in script.splitlines())
