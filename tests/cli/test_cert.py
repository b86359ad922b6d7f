"""`wicket cert`, and `wicket mtls-certificate` as the reference spells it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Wicket
from tests.support.certificates import SERVER_AUTH, Authority, KeyPair
from wicketgate.control.candidate import Candidate, save_candidate
from wicketgate.ir.secrets import SecretSource, StoredIdentity
from wicketgate.supervise.run_directory import RunDirectory
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Snapshot, VersionKey


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ca")


@pytest.fixture
def pair(authority: Authority) -> KeyPair:
    return authority.issue_client("billing")


@pytest.fixture
def cert(wicket: Wicket, project: Path) -> Wicket:
    return lambda *arguments, input=None: wicket("--project", project, "cert", *arguments, input=input)  # noqa: A006


def _files(pair: KeyPair) -> tuple[str | Path, ...]:
    return ("--cert", pair.certificate, "--key", pair.key)


def _described(cert: Wicket, name: str = "billing") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cert("describe", name, "--format", "json").stdout)
    return found


def _use(project: Path, name: str = "billing") -> None:
    origin = {"name": "billing", "url": "https://billing.example.com", "mtlsCertificate": name}
    (project / "config/origins.json").write_text(json.dumps({"origins": [origin]}))
    document = json.loads((project / "config/routes.oas.json").read_text())
    (path,) = list(document["paths"])[:1]
    (operation,) = list(document["paths"][path].values())[:1]
    operation["x-zuplo-route"]["handler"]["options"]["baseUrl"] = "origin://billing"
    (project / "config/routes.oas.json").write_text(json.dumps(document))


def test_imported_listed_described(cert: Wicket, pair: KeyPair) -> None:
    answer = cert("import", "billing", *_files(pair), "-e", "production", "-e", "preview")
    assert answer.exit_code == 0
    assert "for production, preview (cert_" in answer.output
    found = _described(cert)
    assert found["id"].startswith("cert_")
    assert found["environments"] == ["preview", "production"]
    assert (found["subject"], found["issuer"]) == ("CN=billing", "CN=Test Authority")
    assert found["validFrom"].endswith("Z")
    assert _described(cert, found["id"]) == found
    assert cert("list").output.startswith(f"billing\t{found['id']}\tpreview,production\thand\texpires in ")
    assert "PRIVATE" not in cert("list", "--format", "json").output + json.dumps(found)


def test_a_project_that_names_it_checks(cert: Wicket, wicket: Wicket, project: Path, pair: KeyPair) -> None:
    _use(project)
    assert "unknown-certificate" in wicket("--project", project, "check").output
    cert("import", "billing", *_files(pair))
    assert wicket("--project", project, "check").exit_code == 0
    cert("disable", "billing")
    assert "certificate-disabled" in wicket("--project", project, "check").output
    cert("enable", "billing")
    assert wicket("--project", project, "check").exit_code == 0


def test_what_is_wrong_with_the_files_is_said(
    cert: Wicket, authority: Authority, pair: KeyPair, tmp_path: Path
) -> None:
    other, server = authority.issue_client("other"), authority.issue_client("server", usage=SERVER_AUTH)
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    wrong = {
        "cannot read": ("--cert", tmp_path / "missing", "--key", pair.key),
        str(garbage): ("--cert", garbage, "--key", pair.key),
        "does not belong": ("--cert", pair.certificate, "--key", other.key),
        "client": _files(server),
    }
    for words, files in wrong.items():
        answer = cert("import", "billing", *files)
        assert answer.exit_code != 0
        assert words in answer.output, answer.output
        assert "Traceback" not in answer.output
    assert json.loads(cert("list", "--format", "json").stdout) == []


def test_an_encrypted_key_needs_its_passphrase(cert: Wicket, pair: KeyPair, tmp_path: Path) -> None:
    sealed, passphrase = tmp_path / "sealed.key", tmp_path / "passphrase"
    command: list[str | Path] = [
        "openssl",
        "pkcs8",
        "-topk8",
        "-in",
        pair.key,
        "-out",
        sealed,
        "-passout",
        "pass:open sesame",
    ]
    subprocess.run(command, check=True, capture_output=True)
    files = ("--cert", pair.certificate, "--key", sealed)
    assert "--passphrase-file" in cert("import", "billing", *files).output
    passphrase.write_text("wrong\n")
    refused = cert("import", "billing", *files, "--passphrase-file", passphrase)
    assert refused.exit_code == 1
    assert "passphrase" in refused.output
    passphrase.write_text("open sesame\n")
    assert cert("import", "billing", *files, "--passphrase-file", passphrase).exit_code == 0


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "../up", "x" * 121, "ü", "private"])
def test_names(cert: Wicket, pair: KeyPair, name: str) -> None:
    answer = cert("import", name, *_files(pair))
    assert answer.exit_code == 2
    assert "is not a name" in answer.output


def test_looking_makes_no_store(cert: Wicket, project: Path) -> None:
    assert cert("list").exit_code == 0
    assert not (project / ".wicket").exists()


def test_one_file_may_come_on_standard_input(cert: Wicket, pair: KeyPair) -> None:
    both = cert("import", "billing", "--cert", "-", "--key", "-", input=pair.key.read_text())
    assert both.exit_code == 2
    assert "only one of the files" in both.output
    one = cert("import", "billing", "--cert", pair.certificate, "--key", "-", input=pair.key.read_text())
    assert one.exit_code == 0, one.output
    wrong = cert("rotate", "billing", "--cert", "-", "--key", pair.key, input="nothing")
    assert "standard input: " in wrong.output


def test_the_references_own_example_has_hyphens(cert: Wicket, pair: KeyPair) -> None:
    assert cert("import", "my-backend-cert", *_files(pair)).exit_code == 0


def test_an_unknown_environment_changes_nothing(cert: Wicket, pair: KeyPair) -> None:
    assert cert("import", "billing", *_files(pair), "-e", "prod").exit_code == 2
    assert json.loads(cert("list", "--format", "json").stdout) == []


def test_rotated(cert: Wicket, authority: Authority, pair: KeyPair) -> None:
    cert("import", "billing", *_files(pair))
    before = _described(cert)
    shorter = authority.issue_client("newer", days=3)
    answer = cert("rotate", "billing", *_files(shorter))
    assert answer.exit_code == 0
    assert "would have lasted longer" in answer.output
    after = _described(cert)
    assert after["serialNumber"] != before["serialNumber"]
    assert (after["id"], after["environments"]) == (before["id"], before["environments"])
    assert "no certificate" in cert("rotate", "nobody", *_files(pair)).output


def test_a_pair_that_is_wrong_leaves_the_one_in_use(cert: Wicket, authority: Authority, pair: KeyPair) -> None:
    cert("import", "billing", *_files(pair))
    before = _described(cert)
    other = authority.issue_client("other")
    assert cert("rotate", "billing", "--cert", other.certificate, "--key", pair.key).exit_code == 1
    assert _described(cert) == before


@pytest.mark.parametrize(("starts", "days", "words"), [(-9, -2, "expired on"), (3, 9, "is not valid before")])
def test_dates_are_a_word_not_a_refusal(cert: Wicket, authority: Authority, starts: int, days: int, words: str) -> None:
    answer = cert("import", "billing", *_files(authority.issue_client("billing", starts=starts, days=days)))
    assert answer.exit_code == 0
    assert words in answer.output


def test_not_deleted_while_the_project_refers_to_it(cert: Wicket, project: Path, pair: KeyPair) -> None:
    cert("import", "billing", *_files(pair))
    _use(project)
    refused = cert("delete", "billing")
    assert refused.exit_code == 1
    assert "is in use: route" in refused.output
    (project / "config/origins.json").write_text('{"origins": [{"name": "billing", "url": "https://b.example.com"}]}')
    assert cert("delete", "billing").exit_code == 0
    assert json.loads(cert("list", "--format", "json").stdout) == []


def test_a_project_that_does_not_check_is_no_proof(cert: Wicket, project: Path, pair: KeyPair) -> None:
    cert("import", "billing", *_files(pair))
    _use(project)
    (project / "config/policies.json").write_text("{")
    refused = cert("delete", "billing")
    assert refused.exit_code == 1
    assert "does not check for production" in refused.output
    cert("disable", "billing")
    assert cert("delete", "billing").exit_code == 0


def test_not_deleted_while_the_live_version_refers_to_it(cert: Wicket, project: Path, pair: KeyPair) -> None:
    cert("import", "billing", *_files(pair))
    run, key = RunDirectory.of(project, None), VersionKey()
    run.path.mkdir(parents=True)
    cluster = {"name": "billing#0a5d", "transport_socket": {"sds": {"name": "certificate/billing"}}}
    clusters = {"billing#0a5d": key.resource("billing#0a5d", cluster)}
    sources: dict[str, SecretSource] = {"certificate/billing": StoredIdentity("billing")}
    save_candidate(run.last_good, Candidate(Snapshot({Kind.CLUSTERS: clusters}), sources))
    refused = cert("delete", "billing")
    assert refused.exit_code == 1
    assert "origin billing, in the version that is live or was last" in refused.output


def test_the_references_spelling(wicket: Wicket, project: Path, cert: Wicket, pair: KeyPair) -> None:
    def mtls(*arguments: str | Path) -> str:
        answer = wicket("mtls-certificate", *arguments, "--account", "acme", "--project", project)
        assert answer.exit_code == 0, answer.output
        assert "--account has no effect" in answer.stderr
        return answer.stdout

    mtls(
        "create",
        "--name",
        "billing",
        *_files(pair),
        "--environment-type",
        "development",
        "--environment-type",
        "preview",
    )
    assert _described(cert)["environments"] == ["development", "preview"]
    identifier = _described(cert)["id"]
    mtls("update", "--cert-id", identifier, "--environment-type", "production")
    assert json.loads(mtls("describe", "--cert-id", identifier, "--format", "json"))["environments"] == ["production"]
    mtls("disable", "--cert-id", identifier)
    assert json.loads(mtls("list", "--format", "json"))[0]["environments"] == []
    mtls("delete", "--cert-id", identifier)
    assert json.loads(mtls("list", "--format", "json")) == []
