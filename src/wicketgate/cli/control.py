"""Talk to the gateway that runs on a workspace."""

from __future__ import annotations

import json

from wicketgate.cli.workspace import MachineError, Workspace
from wicketgate.json_types import JsonObject

RELOAD_SECONDS = 60.0
"""A project of 10,000 routes compiles and is validated by Envoy well within this."""


def ask(workspace: Workspace, method: str, target: str, *, seconds: float = 5.0) -> tuple[int, JsonObject]:
    """Send one request to the running gateway; return the status and the JSON of its answer.

    Raises `MachineError` when no gateway runs there.
    """
    from wicketgate.supervise.run_directory import RunDirectory
    from wicketgate.supervise.unix_http import unix_request

    socket = RunDirectory.of(workspace.project, workspace.state).control_socket
    try:
        reply = unix_request(socket, method, target, seconds=seconds)
    except OSError as error:
        raise MachineError(
            f"no gateway runs on {workspace.state} ({error.strerror or error})",
            hint="start one with `wicket run`",
        ) from None
    return reply.status, json.loads(reply.body)
