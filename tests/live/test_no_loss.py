"""Nothing is lost: not by changes, not by rotations, not by killed control planes, not by a stop."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

from tests.live.conftest import ENVOY, FIRST_SECRET, Origin, Running, fetch, fetch_header, running, until, write_version
from tests.live.load import under_load
from wicketgate.secret_value import SecretValue
from wicketgate.spec.variables import Secrecy
from wicketgate.store import Store, open_store


def _version(gateway: Running) -> str:
    return fetch_header(f"{gateway.url}/hello", "x-version")


def test_200_changes_of_the_configuration(project: Path, origin: Origin) -> None:
    with running(project) as gateway, under_load(f"{gateway.url}/hello", seconds=45) as (http1, http2):
        for number in range(1, 201):
            write_version(project, origin, number)
            answer = gateway.reload()
            assert answer["ok"], answer
            assert _version(gateway) == str(number)
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert http1.completed > 1000
    assert http2.completed > 1000


def test_200_rotations_of_the_secret(project: Path, origin: Origin) -> None:
    store = open_store(project / ".wicket")
    store.set("BACKEND_SECRET", SecretValue(FIRST_SECRET), Secrecy.SECRET, ["production"])
    with running(project) as gateway, under_load(f"{gateway.url}/hello", seconds=55) as (http1, http2):
        for _ in range(200):
            _rotate(store, gateway, origin)
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert http1.completed > 1000
    assert http2.completed > 1000


def _rotate(store: Store, gateway: Running, origin: Origin) -> None:
    """Take one rotation through; the old value is dropped once Envoy has said that it holds the new one."""
    before = gateway.status()["version"]
    store.stage("BACKEND_SECRET", "production", guard_file=str(origin.accepted))
    store.switch("BACKEND_SECRET", "production")
    until(lambda: gateway.status()["version"] != before and gateway.status()["ready"], seconds=5, every=0.005)
    time.sleep(0.05)
    store.retire("BACKEND_SECRET", "production")
    assert fetch(f"{gateway.url}/hello")[0] == 200


def test_5_killed_control_planes(project: Path, origin: Origin) -> None:
    with running(project) as gateway, under_load(f"{gateway.url}/hello", seconds=25) as (http1, http2):
        for number in range(1, 6):
            killed = gateway.child("wicketgate.control")
            os.kill(killed, signal.SIGKILL)
            until(partial(_replaced, gateway, killed))
            write_version(project, origin, number)
            until(lambda: _reloaded(gateway), seconds=10, every=0.1)
            assert _version(gateway) == str(number)
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)


def _replaced(gateway: Running, killed: int) -> bool:
    return gateway.child("wicketgate.control") != killed


def _reloaded(gateway: Running) -> bool:
    try:
        return bool(gateway.reload()["ok"])
    except OSError:
        return False


def test_a_killed_envoy_is_back_within_two_seconds(project: Path) -> None:
    with running(project) as gateway:
        for _ in range(3):
            killed = gateway.child(ENVOY)
            os.kill(killed, signal.SIGKILL)
            began = time.monotonic()
            until(lambda: fetch(f"{gateway.url}/hello")[0] == 200, seconds=5, every=0.02)
            assert time.monotonic() - began < 2.0


def test_a_stop_waits_for_what_is_in_flight(project: Path, origin: Origin) -> None:
    routes = project / "config/routes.oas.json"
    document = json.loads(routes.read_text())
    document["paths"]["/slow"] = document["paths"]["/hello"]
    routes.write_text(json.dumps(document))
    answers: list[int] = []
    with running(project) as gateway:
        threads = [threading.Thread(target=lambda: answers.append(fetch(f"{gateway.url}/slow")[0])) for _ in range(5)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        gateway.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(20)
        assert gateway.process.wait(20) == 0
    assert answers == [200] * 5
    assert fetch(f"{gateway.url}/hello")[0] == 0
