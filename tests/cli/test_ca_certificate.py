"""`wicket ca-certificate`: what is believed, what is refused, and that everything is said exactly."""

from __future__ import annotations

import json
from pathlib import Path
from ssl import PEM_cert_to_DER_cert
from typing import Any

import pytest

from tests.cli.conftest import Wicket
from tests.support.certificates import Authority


@pytest.fixture
def partners(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "partners", "Partners")


def _create(wicket: Wicket, project: Path, authority: Authority, name: str = "partners", *more: str | Path) -> Any:
    return wicket("ca-certificate", "create", "--name", name, "--cert", authority.roots, *more, "--project", project)


def _listed(wicket: Wicket, project: Path) -> dict[str, Any]:
    rows = json.loads(wicket("ca-certificate", "list", "--format", "json", "--project", project).stdout)
    return {row["name"]: row for row in rows}


def test_a_life(wicket: Wicket, project: Path, partners: Authority, tmp_path: Path) -> None:
    created = _create(wicket, project, partners)
    identifier = _listed(wicket, project)["partners"]["id"]
    assert (created.exit_code, created.stdout) == (0, f"partners vouches for clients ({identifier})\n")
    assert identifier.startswith("mtlsca_")
    other = Authority.create(tmp_path / "other", "Others")
    updated = wicket("ca-certificate", "update", identifier, "--cert", other.roots, "--project", project)
    assert (updated.exit_code, updated.stdout) == (0, "partners is updated\n")
    assert "CN=Others" in wicket("ca-certificate", "describe", "partners", "--project", project).stdout
    assert wicket("ca-certificate", "delete", "partners", "--project", project).exit_code == 0
    assert _listed(wicket, project) == {}
    gone = wicket("ca-certificate", "describe", "partners", "--project", project)
    assert (gone.exit_code, "there is no CA certificate `partners`" in gone.stderr) == (1, True)


def test_looking_makes_no_store(wicket: Wicket, project: Path) -> None:
    assert _listed(wicket, project) == {}
    assert not (project / ".wicket" / "state.db").exists()


def test_a_revocation_list(wicket: Wicket, project: Path, partners: Authority, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.crl", tmp_path / "other.crl"
    mine.write_bytes(partners.revocations())
    other.write_bytes(Authority.create(tmp_path / "other", "Others").revocations())
    assert _create(wicket, project, partners).exit_code == 0
    command = ("ca-certificate", "update", "partners", "--project", project)
    refused = wicket(*command, "--crl", other)
    assert (refused.exit_code, _listed(wicket, project)["partners"]["revocationList"]) == (1, False)
    assert "is from CN=Others, which is not among the CA certificates" in refused.stderr
    assert wicket(*command, "--crl", mine).exit_code == 0
    assert _listed(wicket, project)["partners"]["revocationList"]
    assert wicket(*command, "--no-crl").exit_code == 0
    assert not _listed(wicket, project)["partners"]["revocationList"]
    assert wicket(*command).exit_code == 2


def test_an_old_list_does_not_stay_beside_a_new_authority(
    wicket: Wicket, project: Path, partners: Authority, tmp_path: Path
) -> None:
    (tmp_path / "crl").write_bytes(partners.revocations())
    assert _create(wicket, project, partners, "partners", "--crl", tmp_path / "crl").exit_code == 0
    other = Authority.create(tmp_path / "other", "Others")
    refused = wicket("ca-certificate", "update", "partners", "--cert", other.roots, "--project", project)
    assert (refused.exit_code, "the revocation list of partners" in refused.stderr) == (1, True)


def test_whoever_has_no_list_beside_others_is_named(
    wicket: Wicket, project: Path, partners: Authority, tmp_path: Path
) -> None:
    (tmp_path / "crl").write_bytes(partners.revocations())
    assert _create(wicket, project, partners, "partners", "--crl", tmp_path / "crl").stderr == ""
    other = Authority.create(tmp_path / "other", "Others")
    assert "others has none" in _create(wicket, project, other, "others").stderr
    assert _create(wicket, project, partners, "for-origins", "--for", "origins").exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("leaf", "is not a CA certificate"),
        ("der", "this is DER, not PEM"),
        ("key", "there is a private key"),
        ("empty", "the file is empty"),
        ("missing", "cannot read"),
    ],
)
def test_what_is_no_authority(
    wicket: Wicket, project: Path, partners: Authority, tmp_path: Path, content: str, said: str
) -> None:
    pair = partners.issue_client("leaf")
    file = tmp_path / "given.pem"
    made = {
        "leaf": pair.certificate.read_bytes(),
        "der": PEM_cert_to_DER_cert(partners.roots.read_text()),
        "key": partners.roots.read_bytes() + pair.key.read_bytes(),
        "empty": b"",
    }
    if content in made:
        file.write_bytes(made[content])
    refused = wicket("ca-certificate", "create", "--name", "x", "--cert", file, "--project", project)
    assert refused.exit_code != 0
    assert said in refused.stderr
    assert pair.key.read_text() not in refused.output


@pytest.mark.parametrize("name", ["private", "system", "a.pem", "../x", "", "a b"])
def test_names_that_a_project_would_read_differently(
    wicket: Wicket, project: Path, partners: Authority, name: str
) -> None:
    refused = _create(wicket, project, partners, name)
    assert (refused.exit_code, "cannot be called" in refused.stderr) == (1, True)


def test_one_that_verifies_an_origin_is_not_deleted(wicket: Wicket, project: Path, partners: Authority) -> None:
    assert _create(wicket, project, partners, "internal", "--for", "origins").exit_code == 0
    routes = project / "config" / "routes.oas.json"
    routes.write_text(routes.read_text().replace("${env.ORIGIN_URL}", "origin://inside"))
    assert "origin://inside" in routes.read_text()
    origins = {"origins": [{"name": "inside", "url": "https://inside.example", "tls": {"ca": "internal"}}]}
    (project / "config" / "origins.json").write_text(json.dumps(origins))
    refused = wicket("ca-certificate", "delete", "internal", "--project", project)
    assert (refused.exit_code, "verifies an origin" in refused.stderr) == (1, True)
    assert "internal" in _listed(wicket, project)
