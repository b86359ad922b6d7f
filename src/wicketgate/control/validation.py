"""Trying a version on a real Envoy before it is published: `envoy --mode validate`."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

from wicketgate.envoy.bootstrap import Bootstrap
from wicketgate.envoy.config_source import CONFIG_SOURCE, SECRETS_SOURCE
from wicketgate.json_types import Json, JsonObject
from wicketgate.supervise.envoy_command import envoy_environment, envoy_path
from wicketgate.supervise.run_directory import write_private
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Snapshot

VALIDATE_SECONDS = 30.0
_REASON_LINES = 5


async def refusal(configuration: Snapshot, run: Path) -> str | None:
    """Return why Envoy would refuse this configuration, or None when it takes it.

    The routes stand inside the listeners here, for validation fetches nothing. Secrets are not looked at.
    """
    path = run / "candidate.json"
    write_private(path, json.dumps(_static(configuration)).encode())
    process = await asyncio.create_subprocess_exec(
        *(envoy_path(), "--mode", "validate", "-c", str(path)),
        *("--concurrency", "1", "--disable-hot-restart", "--skip-deprecated-logs", "--log-level", "error"),
        *("--log-format", "%v"),
        cwd=run,
        env=envoy_environment(),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(VALIDATE_SECONDS):
            _, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"Envoy did not finish validating within {VALIDATE_SECONDS:g} s"
    return None if process.returncode == 0 else _reason(errors.decode(errors="replace"))


def _static(configuration: Snapshot) -> JsonObject:
    message = Bootstrap("validate", 1_000_000).message()
    del message["dynamic_resources"]
    routes = {item.name: json.loads(item.body) for item in configuration.of(Kind.ROUTES).values()}
    message["static_resources"]["clusters"] += _inlined(_messages(configuration, Kind.CLUSTERS), routes)
    message["static_resources"]["listeners"] = _inlined(_messages(configuration, Kind.LISTENERS), routes)
    return message


def _messages(configuration: Snapshot, kind: Kind) -> list[JsonObject]:
    return [_untyped(json.loads(item.body)) for item in configuration.of(kind).values()]


def _untyped(message: JsonObject) -> JsonObject:
    return {key: value for key, value in message.items() if key != "@type"}


def _inlined(node: Json, routes: dict[str, JsonObject]) -> Json:
    if isinstance(node, list):
        return [_inlined(item, routes) for item in node]
    if not isinstance(node, dict):
        return node
    if node == SECRETS_SOURCE:
        # Envoy 1.39 crashes when it validates what asks a stream for secrets; whom it does not ask is all one.
        return CONFIG_SOURCE
    route = routes.get(node["rds"]["route_config_name"]) if "rds" in node else None
    if route is None:
        return {key: _inlined(value, routes) for key, value in node.items()}
    rest = {key: value for key, value in node.items() if key != "rds"}
    return {**rest, "route_config": _untyped(route)}


def _reason(errors: str) -> str:
    """Cut the dump of the whole message that Envoy puts before the reason."""
    text = errors.rpartition("\n: ")[2] or errors
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:_REASON_LINES]) or "Envoy ended without a reason"
