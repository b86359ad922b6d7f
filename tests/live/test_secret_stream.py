"""Envoy keeps its secrets while there is no control plane, and gets from the next one what has changed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.conftest import Running, running, until
from tests.support.origin import RecordingOrigin
from tests.support.project import handler, operation, policy, write_project
from wicketgate.supervise.unix_http import unix_request

NAMES = [f"KEY{number}" for number in range(5)]


@pytest.fixture
def api() -> Iterator[RecordingOrigin]:
    with RecordingOrigin() as origin:
        yield origin


def _project(folder: Path, api: RecordingOrigin) -> None:
    export = "SetUpstreamApiKeyInboundPolicy"
    policies = [policy(name, "set-upstream-api-key-inbound", export, value=f"$env({name})") for name in NAMES]
    route = handler("urlForwardHandler", baseUrl=api.url)
    paths = {f"/{name}": {"get": operation(route, inbound=[name])} for name in NAMES}
    write_project(folder, paths, policies=policies)
    _write_values(folder)


def _write_values(folder: Path, **changed: str) -> None:
    values = {name: changed.get(name, f"the-value-of-{name}") for name in NAMES}
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def _taken(gateway: Running) -> int:
    """How many secrets this Envoy has taken since it started."""
    target = "/stats?format=json&filter=^sds.*update_success$"
    reply = unix_request(gateway.project / ".wicket/run/admin.sock", "GET", target)
    return sum(item["value"] for item in json.loads(reply.body)["stats"] if "name" in item)


def _sent(gateway: Running, api: RecordingOrigin, name: str) -> str:
    assert gateway.get(f"/{name}")[0] == 200
    return api.last.one("authorization")


def test_a_new_control_plane_sends_what_has_changed_and_nothing_else(tmp_path: Path, api: RecordingOrigin) -> None:
    _project(tmp_path, api)
    with running(tmp_path) as gateway:
        assert [_sent(gateway, api, name) for name in NAMES] == [f"the-value-of-{name}" for name in NAMES]
        before = _taken(gateway)
        killed = gateway.child("wicketgate.control")
        os.kill(killed, signal.SIGKILL)
        assert _sent(gateway, api, "KEY0") == "the-value-of-KEY0"
        _write_values(tmp_path, KEY3="another-value-of-KEY3")
        until(lambda: _sent(gateway, api, "KEY3") == "another-value-of-KEY3")
        assert gateway.child("wicketgate.control") != killed
        assert _taken(gateway) == before + 1
        assert _sent(gateway, api, "KEY0") == "the-value-of-KEY0"
