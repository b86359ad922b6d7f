"""Commands that talk to a gateway that runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from wicketgate.demo.processes import child_environment, gateway
from wicketgate.demo.raw_http import exchange


@pytest.fixture
def address(project: Path, tmp_path: Path) -> Iterator[tuple[str, int]]:
    with gateway(project, child_environment(os.environ), log=tmp_path / "log") as found:
        yield found


def _rename(project: Path, old: str, new: str) -> None:
    routes = project / "config" / "routes.oas.json"
    routes.write_text(routes.read_text().replace(old, new))


def test_status_diff_and_reload(wicket: Wicket, project: Path, address: tuple[str, int]) -> None:
    at = ("--project", project)
    listen = ("--listen", f"{address[0]}:{address[1]}")
    status = wicket("status", *at, "--format", "json")
    assert status.exit_code == 0
    version = json.loads(status.stdout)["version"]

    same = wicket("diff", *at, *listen)
    assert (same.exit_code, same.stdout) == (0, "")
    assert exchange(address, method="GET", path="/purchases", lines=[]).status == 404

    _rename(project, '"/orders"', '"/purchases"')
    assert wicket("diff", *at, *listen).exit_code == 1
    reloaded = wicket("reload", *at)
    assert reloaded.exit_code == 0
    assert re.fullmatch(r"serving version \S+\n", reloaded.stdout)
    assert version not in reloaded.stdout
    assert wicket("diff", *at, *listen).exit_code == 0
    # Nobody answers behind the gateway: 503 says that the route is there.
    assert exchange(address, method="GET", path="/purchases", lines=[]).status == 503


def test_a_project_that_does_not_check_keeps_the_last_good_version(
    wicket: Wicket, project: Path, address: tuple[str, int]
) -> None:
    at = ("--project", project)
    (project / "config" / "policies.json").write_text("{")
    result = wicket("reload", *at)
    assert result.exit_code == 1
    assert f"{project}/config/policies.json:1:" in result.stderr
    assert "error not-json" in result.stderr
    assert "not reloaded" in result.stderr
    status = wicket("status", *at)
    assert status.exit_code == 1
    assert status.stdout.splitlines()[0] == "ready\tno"
    assert exchange(address, method="GET", path="/orders", lines=[]).status == 503
    assert "runs and is not ready" in wicket("doctor", *at).stdout
