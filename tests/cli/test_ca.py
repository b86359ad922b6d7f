"""`wicket ca`: the private authority from the command line."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Wicket


@pytest.fixture
def ca(wicket: Wicket, project: Path) -> Wicket:
    """Run `wicket ca …` on a project that has an authority."""

    def run(*arguments: str | Path, input: str | None = None) -> object:  # noqa: A002 - the name of CliRunner
        return wicket("--project", project, "ca", *arguments, input=input)

    assert wicket("--project", project, "ca", "init", "--trust-domain", "example.internal").exit_code == 0
    return run  # type: ignore[return-value]


def _shown(ca: Wicket) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads(ca("show", "--format", "json").stdout)
    return found


def test_from_nothing_to_a_project_that_checks(ca: Wicket, wicket: Wicket, project: Path) -> None:
    origins = {"origins": [{"name": "billing", "url": "https://billing.example.com", "mtlsCertificate": "billing"}]}
    (project / "config/origins.json").write_text(json.dumps(origins))
    refused = wicket("--project", project, "check")
    assert refused.exit_code == 1
    assert "there is no certificate `billing`" in refused.output
    assert ca("issue", "billing").exit_code == 0
    assert wicket("--project", project, "check").exit_code == 0


def test_an_origin_may_be_verified_by_the_private_authority(ca: Wicket, wicket: Wicket, project: Path) -> None:
    origins = {"origins": [{"name": "billing", "url": "https://billing.example.com", "tls": {"ca": "private"}}]}
    (project / "config/origins.json").write_text(json.dumps(origins))
    assert wicket("--project", project, "check").exit_code == 0


def test_show_lists_what_was_issued_and_no_key(ca: Wicket) -> None:
    ca("issue", "billing")
    shown = _shown(ca)
    assert [each["role"] for each in shown["signers"]] == ["root", "intermediate"]
    assert shown["issued"][0]["uris"] == ["spiffe://example.internal/gateway/production/origin/billing"]
    text = ca("show").output
    assert "billing\tproduction" in text
    assert "PRIVATE KEY" not in text + json.dumps(shown)


def test_a_server_certificate_is_verified_by_openssl(ca: Wicket, tmp_path: Path) -> None:
    out = tmp_path / "server"
    assert ca("issue", "api", "--server", "--dns", "api.example.com", "--ip", "10.0.0.7", "--out", out).exit_code == 0
    assert stat.S_IMODE((out / "tls.key").stat().st_mode) == 0o600
    command: list[str | Path] = [
        "openssl",
        "verify",
        "-CAfile",
        out / "ca.crt",
        "-untrusted",
        out / "tls.crt",
        "-purpose",
        "sslserver",
    ]
    for name in ("-verify_hostname=api.example.com", "-verify_ip=10.0.0.7"):
        flag, _, value = name.partition("=")
        done = subprocess.run([*command, flag, value, out / "tls.crt"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_a_server_certificate_needs_a_place(ca: Wicket) -> None:
    answer = ca("issue", "api.example.com", "--server")
    assert answer.exit_code == 2
    assert "--out" in answer.output


def test_a_request_is_signed_and_its_names_are_ours(ca: Wicket, tmp_path: Path) -> None:
    key, request = tmp_path / "agent.key", tmp_path / "agent.csr"
    new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*new, "-keyout", key, "-out", request, "-subj", "/CN=root"], capture_output=True, check=True)
    signed = ca("issue", "agent", "--csr", request)
    names = subprocess.run(
        ["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName"],
        input=signed.stdout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "spiffe://example.internal/gateway/production/origin/agent" in names
    assert "CN = root" not in names


@pytest.mark.parametrize("content", ["", "no request", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_a_bad_request_is_refused_in_words(ca: Wicket, tmp_path: Path, content: str) -> None:
    request = tmp_path / "bad.csr"
    request.write_text(content)
    answer = ca("issue", "agent", "--csr", request)
    assert answer.exit_code == 1
    assert str(request) in answer.output
    assert "Traceback" not in answer.output
    assert _shown(ca)["issued"] == []


def test_a_revoked_certificate_is_in_the_list(ca: Wicket, tmp_path: Path) -> None:
    ca("issue", "billing")
    serial = str(_shown(ca)["issued"][0]["serialNumber"])
    assert f"revoked {serial}" in ca("revoke", "billing", "--reason", "keyCompromise").output
    lists = ca("bundle", "--crl").stdout
    found = [
        subprocess.run(
            ["openssl", "crl", "-noout", "-text"],
            input=f"-----BEGIN X509 CRL-----{text}",
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for text in lists.split("-----BEGIN X509 CRL-----")[1:]
    ]
    assert len(found) == 2, "one of the root and one of the intermediate"
    assert any(serial in text.lower() and "Key Compromise" in text for text in found)
    assert "nothing that is valid" in ca("revoke", serial).output


def test_a_rotation_of_the_root_in_steps(ca: Wicket) -> None:
    assert ca("bundle").stdout.count("BEGIN CERTIFICATE") == 1
    assert "staged" in ca("rotate", "--root", "--settle", "1").output
    assert ca("bundle").stdout.count("BEGIN CERTIFICATE") == 2
    assert "switched" in ca("rotate", "--switch").output
    assert "one root" in ca("rotate", "--retire").output
    assert ca("bundle").stdout.count("BEGIN CERTIFICATE") == 1


def test_the_intermediate_is_rotated_at_once(ca: Wicket) -> None:
    before = ca("bundle", "--intermediates").stdout
    assert "intermediate" in ca("rotate").output
    assert ca("bundle", "--intermediates").stdout.count("BEGIN CERTIFICATE") == 3
    assert before[:400] == ca("bundle").stdout[:400], "the root is the same"


@pytest.mark.parametrize(
    "arguments", [("--root", "--switch"), ("--status", "--retire"), ("--settle", "3"), ("--switch", "--soak", "1")]
)
def test_steps_that_exclude_one_another(ca: Wicket, arguments: tuple[str, ...]) -> None:
    assert ca("rotate", *arguments).exit_code == 2


def test_the_bundle_goes_into_a_file_whole(ca: Wicket, tmp_path: Path) -> None:
    target = tmp_path / "ca.pem"
    target.write_text("old")
    assert ca("bundle", "--out", target).exit_code == 0
    assert target.read_text() == ca("bundle").stdout
    assert list(tmp_path.glob(".ca.pem*")) == []
    assert "cannot write" in ca("bundle", "--out", tmp_path / "missing" / "ca.pem").output


def test_without_an_authority_each_command_says_how_to_make_one(wicket: Wicket, project: Path) -> None:
    for arguments in (["show"], ["issue", "billing"], ["revoke", "billing"], ["rotate"], ["bundle"]):
        answer = wicket("--project", project, "ca", *arguments)
        assert answer.exit_code == 1
        assert "wicket ca init" in answer.output


def test_one_authority_is_enough(ca: Wicket) -> None:
    answer = ca("init")
    assert answer.exit_code == 1
    assert "already" in answer.output
