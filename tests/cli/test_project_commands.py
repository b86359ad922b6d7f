"""Commands that compile a project and send nothing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Wicket


def _secret(project: Path) -> str:
    line = (project / ".env").read_text().splitlines()[0]
    return line.removeprefix("BACKEND_SECRET=")


def test_a_fresh_project_checks(wicket: Wicket, project: Path) -> None:
    result = wicket("check", "--project", project)
    assert (result.exit_code, result.stdout) == (0, "shop is good: 0 errors, 0 warnings\n")


def test_the_project_may_be_named_before_the_command(wicket: Wicket, project: Path) -> None:
    assert wicket("--project", project, "check").exit_code == 0


def test_all_errors_at_once_with_places_and_hints(wicket: Wicket, project: Path) -> None:
    policies = project / "config" / "policies.json"
    policies.write_text(policies.read_text().replace('"headers"', '"heders"'))
    routes = project / "config" / "routes.oas.json"
    routes.write_text(routes.read_text().replace("ORIGIN_URL", "ORIGN_URL"))
    result = wicket("check", "--project", project)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert any(f"{policies}:10:" in line and " error unknown-key " in line for line in lines)
    assert "  hint: did you mean `headers`?" in lines
    assert sum(" error env-unset " in line for line in lines) == 2
    assert any("ORIGIN_URL" in line for line in lines if line.startswith("  hint: "))


def test_check_as_json_and_for_github(wicket: Wicket, project: Path) -> None:
    (project / ".env").write_text("ORIGIN_URL=http://127.0.0.1:9000\n")
    found = wicket("check", "--project", project, "--format", "json")
    report = json.loads(found.stdout)
    assert (found.exit_code, report["ok"]) == (1, False)
    message = next(item for item in report["messages"] if item["code"] == "env-unset")
    assert message["file"] == "config/policies.json"
    assert message["line"] > 1
    annotated = wicket("check", "--project", project, "--format", "github")
    assert annotated.exit_code == 1
    assert annotated.stdout.startswith(f"::error file={project}/config/policies.json,line=")


def test_routes_as_table_and_json(wicket: Wicket, project: Path) -> None:
    rows = [line.split("\t") for line in wicket("routes", "--project", project).stdout.splitlines()]
    assert [row[:4] for row in rows] == [
        ["GET", "/orders", "forward http://127.0.0.1:9000", "secret"],
        ["POST", "/orders", "forward http://127.0.0.1:9000", "secret"],
    ]
    facts = json.loads(wicket("routes", "--project", project, "--format", "json").stdout)
    assert [fact["name"] for fact in facts] == ["list-orders", "create-order"]


def test_a_route_without_a_proof_is_open(wicket: Wicket, project: Path) -> None:
    routes = project / "config" / "routes.oas.json"
    routes.write_text(routes.read_text().replace('["set-backend-secret"]', "[]", 1))
    rows = [line.split("\t") for line in wicket("routes", "--project", project).stdout.splitlines()]
    assert [row[3] for row in rows] == ["open", "secret"]
    explained = wicket("explain", "GET", "/orders", "--project", project).stdout
    assert "none: anyone may call this origin" in explained


def test_explain_shows_everything_but_the_value(wicket: Wicket, project: Path) -> None:
    result = wicket("explain", "get", "https://api.example.com//x/../orders?page=2", "--project", project)
    assert result.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if not line.startswith("inbound"))
    assert lines["route"] == "GET /orders"
    assert lines["answer"] == "forward http://127.0.0.1:9000"
    assert lines["proofs"] == "shared secret in header backend-secret, from BACKEND_SECRET"
    assert "inbound policies  set-backend-secret" in result.stdout
    assert _secret(project) not in result.output


def test_explain_says_what_no_route_answers(wicket: Wicket, project: Path) -> None:
    for method, url, words in (
        ("GET", "/nothing", "404"),
        ("DELETE", "/orders", "404"),
        ("GET", "/orders/..%2fadmin", "400"),
    ):
        result = wicket("explain", method, url, "--project", project)
        assert result.exit_code == 1
        assert words in result.stdout
    assert wicket("explain", "GET", "orders", "--project", project).exit_code == 2


def test_compile_names_secrets_and_shows_none(wicket: Wicket, project: Path) -> None:
    result = wicket("compile", "--project", project)
    resources = json.loads(result.stdout)
    assert resources["listeners"]
    assert resources["clusters"]
    assert resources["routes"]
    assert {"variables": ["BACKEND_SECRET"]} in resources["secrets"].values()
    assert _secret(project) not in result.output


def test_a_project_that_does_not_check_is_not_compiled(wicket: Wicket, project: Path) -> None:
    (project / "config" / "policies.json").write_text("{")
    for command in (("compile",), ("routes",), ("explain", "GET", "/orders")):
        result = wicket(*command, "--project", project)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "error not-json" in result.stderr
        assert result.stderr.rstrip().endswith("hint: run `wicket check`")


def test_diff_of_two_folders(wicket: Wicket, project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    wicket("init", other)
    same = wicket("diff", "--project", project, "--against", other)
    assert (same.exit_code, same.stdout) == (0, "")
    routes = project / "config" / "routes.oas.json"
    routes.write_text(routes.read_text().replace('"/orders"', '"/purchases"'))
    changed = wicket("diff", "--project", project, "--against", other)
    assert changed.exit_code == 1
    assert any(line.startswith("+") and "/purchases" in line for line in changed.stdout.splitlines())
    assert any(line.startswith("-") and "/orders" in line for line in changed.stdout.splitlines())
    assert _secret(project) not in changed.output


def test_doctor_looks_at_machine_and_project(wicket: Wicket, project: Path) -> None:
    (project / "wicket.toml").write_text('[[listeners]]\naddress = "127.0.0.1:0"\n')
    rows = [line.split("\t") for line in wicket("doctor", "--project", project).stdout.splitlines()]
    levels = {row[1]: row[0] for row in rows}
    assert levels.keys() == {
        "python",
        "system",
        "envoy",
        "open files",
        "clock",
        "state",
        "permissions",
        "gateway",
        "port",
        "project",
    }
    assert levels["project"] == levels["envoy"] == levels["permissions"] == "ok"
    wicket("env", "set", "OTHER", "--project", project, input="x")
    for path in (project / ".env", project / ".wicket" / "state.db"):
        path.chmod(0o644)
        result = wicket("doctor", "--project", project)
        assert result.exit_code == 1
        assert f"chmod 600 {path}" in result.stdout
