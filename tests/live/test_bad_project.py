"""A project that does not check leaves the last good version serving, and everybody is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.live.conftest import ENVOY, Origin, fetch_header, running, until, write_version


def _wicket(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "wicketgate.cli", *arguments, "--project", str(project)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_last_good_version_keeps_serving(project: Path, origin: Origin) -> None:
    with running(project) as gateway:
        assert gateway.get("/readyz", private=True)[0] == 200
        good = (project / "config/policies.json").read_text()
        (project / "config/policies.json").write_text(
            good.replace("SetHeadersInboundPolicy", "SetHeadersInboundPolice")
        )
        done = _wicket(project, "reload")
        assert done.returncode == 1
        assert "policies.json" in done.stderr
        assert "SetHeadersInboundPolicy" in done.stderr
        assert gateway.get("/hello") == (200, "hello\n")
        assert gateway.get("/healthz", private=True)[0] == 200
        status, body = gateway.get("/readyz", private=True)
        assert (status, "keeps serving" in body) == (503, True)
        metrics = gateway.get("/metrics", private=True)[1]
        assert "envoy_http_downstream_rq_total" in metrics
        assert 'wicket_changes_total{outcome="refused"} 1.0' in metrics
        assert "wicket_project_ok 0.0" in metrics
        assert "policies.json" in gateway.err.read_text()
        # What is live outlives the control plane and Envoy, although the folder is still bad.
        os.kill(gateway.child("wicketgate.control"), signal.SIGKILL)
        os.kill(gateway.child(ENVOY), signal.SIGKILL)
        until(lambda: gateway.get("/hello") == (200, "hello\n"), seconds=10, every=0.05)
        write_version(project, origin, 7)
        until(lambda: _wicket(project, "reload").returncode == 0, seconds=20)
        assert gateway.get("/readyz", private=True)[0] == 200


def test_sighup_reloads(project: Path, origin: Origin) -> None:
    with running(project) as gateway:
        write_version(project, origin, 3)
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: fetch_header(f"{gateway.url}/hello", "x-version") == "3")


def test_a_bad_project_does_not_start(project: Path) -> None:
    (project / ".env").unlink()
    done = _wicket(project, "run", "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    assert "BACKEND_SECRET" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_gateways_on_one_state_do_not_meet(project: Path) -> None:
    with running(project):
        done = _wicket(project, "run", "--listen", "127.0.0.1:0")
    assert done.returncode == 3
    assert "already" in done.stderr
