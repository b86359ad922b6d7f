"""Who lives as long as whom, and that everything a route uses is there before the route."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.live.conftest import ENVOY, FIRST_SECRET, Origin, fetch_header, running, until, write_version
from tests.live.load import under_load


def test_nothing_outlives_a_killed_supervisor(project: Path) -> None:
    with running(project) as gateway:
        pids = [gateway.child("wicketgate.control"), gateway.child(ENVOY)]
        gateway.process.kill()
        gateway.process.wait(10)
        until(lambda: not any(map(_runs, pids)), seconds=10)
    with running(project) as gateway:
        assert gateway.get("/hello")[0] == 200, "the state that a killed gateway left does not stop the next"


def _runs(pid: int) -> bool:
    """A process that has ended and that nobody has asked about yet runs no more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_envoy_keeps_its_port_when_it_is_restarted(project: Path) -> None:
    with running(project) as gateway:
        os.kill(gateway.child(ENVOY), signal.SIGKILL)
        until(lambda: gateway.get("/hello")[0] == 200, seconds=5)
        assert gateway.out.read_text().count("listening on") <= 1


def test_new_clusters_and_secrets_are_there_before_their_routes(project: Path, origin: Origin) -> None:
    policies = project / "config/policies.json"
    (project / ".env").write_text("".join(f"SECRET_{number}={FIRST_SECRET}\n" for number in range(41)))
    _use_secret(policies, 0, before="BACKEND_SECRET")
    with running(project) as gateway, under_load(f"{gateway.url}/hello", seconds=12) as (http1, http2):
        for number in range(1, 41):
            _use_secret(policies, number, before=f"SECRET_{number - 1}")
            answer = gateway.reload()
            assert (answer["ok"], answer["changed"]) == (True, True), answer
    assert (http1.failed, http2.failed) == (0, 0), (http1.report, http2.report)
    assert http1.completed > 300


def _use_secret(policies: Path, number: int, *, before: str) -> None:
    policies.write_text(policies.read_text().replace(f"$env({before})", f"$env(SECRET_{number})"))


def test_a_change_of_a_file_is_live_while_watching(project: Path, origin: Origin) -> None:
    with running(project, command="dev") as gateway:
        write_version(project, origin, 5)
        until(lambda: fetch_header(f"{gateway.url}/hello", "x-version") == "5", seconds=5)
