"""`wicket issuer`: what verifiers are told, and that looking changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.cli.conftest import Wicket
from tests.support.project import write_project
from wicketgate.issuer.rotation import NEVER, KeyInService, Standing
from wicketgate.store.database import open_database
from wicketgate.store.issuer_keys import IssuerKeys

TOML = '[issuer]\nurl = "https://gateway.example.com"\ninstallation = "berlin"\n'


@pytest.fixture
def issuer(tmp_path: Path) -> Path:
    return write_project(tmp_path / "shop", {}, toml=TOML)


def _shown(wicket: Wicket, project: Path) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(wicket("issuer", "show", "--format", "json", "--project", project).output)
    return shown


def _stored(project: Path) -> tuple[KeyInService, ...]:
    return IssuerKeys(open_database(project / ".wicket"), "production").keys()


def _publish(project: Path) -> None:
    """As a running gateway would."""
    keys = IssuerKeys(open_database(project / ".wicket"), "production")
    listed = keys.keys()
    for each in listed:
        keys.note_published(each.key.kid)


def test_the_issuer_is_shown(wicket: Wicket, issuer: Path) -> None:
    result = wicket("issuer", "show", "--origin", "orders.example.com", "--format", "json", "--project", issuer)
    shown = json.loads(result.output)
    assert (shown["subject"], shown["installation"]) == ("wicket:berlin:orders.example.com", "berlin")
    assert [key["standing"] for key in shown["keys"]] == ["current", "next"]
    assert shown["keys"][1]["since"] == "not published yet"


def test_a_gateway_that_is_no_issuer_is_told(wicket: Wicket, issuer: Path) -> None:
    (issuer / "wicket.toml").write_text("")
    result = wicket("issuer", "show", "--project", issuer)
    assert (result.exit_code, "is no issuer" in result.output) == (1, True)


@pytest.mark.parametrize("changed", ['algorithm = "RS256"\n', "rotate_after = 60\npublish_ahead = 300\n"])
def test_looking_changes_no_key(wicket: Wicket, issuer: Path, changed: str) -> None:
    """The gateway runs with what `[issuer]` said when it started; by now somebody has written something else."""
    wicket("issuer", "show", "--project", issuer)
    _publish(issuer)
    before = _stored(issuer)
    (issuer / "wicket.toml").write_text(TOML + changed)
    for command in (["show"], ["export-jwks"], ["show", "--origin", "orders.example.com"]):
        assert wicket("issuer", *command, "--project", issuer).exit_code == 0
    assert _stored(issuer) == before


def test_keys_go_into_a_file_of_their_own(wicket: Wicket, issuer: Path, tmp_path: Path) -> None:
    out = tmp_path / "jwks.json"
    result = wicket("issuer", "export-jwks", "--out", out, "--project", issuer)
    assert (result.exit_code, result.output) == (0, f"2 public keys in {out}\n")
    exported = json.loads(out.read_text())
    assert exported == json.loads(wicket("issuer", "export-jwks", "--project", issuer).output)
    assert [jwt.PyJWK(key).key_id for key in exported["keys"]] == [each.key.kid for each in _stored(issuer)]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {member for key in exported["keys"] for member in key}


def test_a_key_that_nobody_knows_signs_by_force_only(wicket: Wicket, issuer: Path) -> None:
    before = _shown(wicket, issuer)["keys"]
    refused = wicket("issuer", "rotate", "--now", "--project", issuer)
    assert (refused.exit_code, "never been published" in refused.output) == (1, True)
    assert _shown(wicket, issuer)["keys"] == before
    forced = wicket("issuer", "rotate", "--now", "--force", "--project", issuer)
    assert "has not been published yet" in forced.output
    assert _shown(wicket, issuer)["keys"][0]["kid"] == before[1]["kid"]
    again = wicket("issuer", "rotate", "--now", "--force", "--project", issuer)
    assert (again.exit_code, "no next key" in again.output) == (1, True)


def test_a_published_key_signs_at_once_if_asked(wicket: Wicket, issuer: Path) -> None:
    before = _shown(wicket, issuer)["keys"]
    _publish(issuer)
    rolled = wicket("issuer", "rotate", "--now", "--project", issuer)
    assert "has been published for" in rolled.output
    assert _shown(wicket, issuer)["keys"][0]["kid"] == before[1]["kid"]


def test_a_roll_without_hurry_is_noted(wicket: Wicket, issuer: Path) -> None:
    wicket("issuer", "show", "--project", issuer)
    asked = wicket("issuer", "rotate", "--project", issuer)
    assert "published for 86400 s" in asked.output
    current, following = _stored(issuer)
    assert (current.standing, current.asked) == (Standing.CURRENT, True)
    assert following.since == NEVER
