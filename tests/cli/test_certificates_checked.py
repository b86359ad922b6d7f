"""`wicket check` and `wicket doctor` on certificates: what cannot be used is said before anything is served."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket
from tests.support.certificates import Authority


@pytest.fixture
def mounted(project: Path, tmp_path: Path) -> Path:
    """A project with a certificate directory, one of whose certificates an origin names."""
    folder = project / "certs/billing"
    folder.mkdir(parents=True)
    _mount(folder, Authority.create(tmp_path / "ca"))
    (project / "wicket.toml").write_text('[certificates]\ndirectory = "certs"\n')
    document = json.loads((project / "config/routes.oas.json").read_text())
    path = next(iter(document["paths"]))
    route = next(iter(document["paths"][path].values()))
    route["x-zuplo-route"]["handler"]["options"]["baseUrl"] = "origin://billing"
    (project / "config/routes.oas.json").write_text(json.dumps(document))
    origin = {"name": "billing", "url": "https://billing.example.com", "mtlsCertificate": "billing"}
    (project / "config/origins.json").write_text(json.dumps({"origins": [origin]}))
    return folder


def _mount(folder: Path, authority: Authority, *, starts: int = -60, days: int = 300) -> None:
    pair = authority.issue_client("billing", starts=starts, days=days)
    (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())
    (folder / "tls.key").write_bytes(pair.key.read_bytes())


def test_a_good_one_is_no_message(wicket: Wicket, project: Path, mounted: Path) -> None:
    answer = wicket("--project", project, "check")
    assert answer.exit_code == 0, answer.output
    assert "certificate" not in answer.output


def test_a_key_of_another_certificate(wicket: Wicket, project: Path, mounted: Path, tmp_path: Path) -> None:
    other = Authority.create(tmp_path / "other").issue_client("other")
    (mounted / "tls.key").write_bytes(other.key.read_bytes())
    answer = wicket("--project", project, "check")
    assert answer.exit_code == 1
    assert "certs/billing/tls.crt:1:1" in answer.output
    assert "certificate-unusable" in answer.output


def test_a_missing_listener_certificate(wicket: Wicket, project: Path) -> None:
    (project / "wicket.toml").write_text(
        '[[listeners]]\naddress = "127.0.0.1:8443"\ntls = { certificate = "a.crt", key = "a.key" }\n'
    )
    answer = wicket("--project", project, "check", "--format", "json")
    assert answer.exit_code == 1
    (message,) = [each for each in json.loads(answer.stdout)["messages"] if each["code"] == "certificate-unusable"]
    assert message["file"] == "a.crt"
    assert "cannot read" in message["message"]


@pytest.mark.parametrize(
    ("starts", "days", "words"),
    [(-60, -1, "expired on"), (-90, 5, "expires in 4 days"), (2, 90, "is not valid before")],
)
def test_dates_are_warnings(
    wicket: Wicket, project: Path, mounted: Path, tmp_path: Path, starts: int, days: int, words: str
) -> None:
    _mount(mounted, Authority.create(tmp_path / "again"), starts=starts, days=days)
    answer = wicket("--project", project, "check")
    assert answer.exit_code == 0, answer.output
    assert "certificate-expiring" in answer.output
    assert words in answer.output
    assert words in wicket("--project", project, "doctor").output


def test_doctor_says_how_each_stands(wicket: Wicket, project: Path, mounted: Path) -> None:
    assert "certificate billing (shown)\texpires in" in wicket("--project", project, "doctor").output
    (mounted / "tls.key").unlink()
    assert "cannot read" in wicket("--project", project, "doctor").output


def test_doctor_says_how_the_private_authority_stands(wicket: Wicket, project: Path) -> None:
    assert "signing" not in wicket("--project", project, "doctor").output
    assert wicket("--project", project, "ca", "init").exit_code == 0
    assert "certificate private (signing)\texpires in" in wicket("--project", project, "doctor").output


def test_one_that_the_gateway_orders_by_itself_is_not_missed(wicket: Wicket, project: Path) -> None:
    (project / "wicket.toml").write_text(
        '[[listeners]]\naddress = "127.0.0.1:8080"\n'
        '[[listeners]]\naddress = "127.0.0.1:8443"\ntls = { certificates = [{ name = "acme" }] }\n'
        '[acme]\nagree_to_terms = true\nnames = ["a.example.com"]\n'
    )
    answer = wicket("--project", project, "check")
    assert answer.exit_code == 0, answer.output
    assert "certificate acme" not in wicket("--project", project, "doctor").output


def test_a_chain_that_ends_before_its_certificate_is_a_warning(
    wicket: Wicket, project: Path, mounted: Path, tmp_path: Path
) -> None:
    """Envoy sends it, and the origin refuses it."""
    _mount(mounted, Authority.create(tmp_path / "root").intermediate("middle", days=-1))
    answer = wicket("--project", project, "check")
    assert answer.exit_code == 0, answer.output
    assert "comes with CN=middle, which expired on" in answer.output
    assert "bad\tcertificate billing (shown)\tcomes with CN=middle" in wicket("--project", project, "doctor").output
