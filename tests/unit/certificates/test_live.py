"""Stored certificates as one environment sees them."""

from __future__ import annotations

from pathlib import Path

from wicketgate.certificates import open_certificates
from wicketgate.certificates.directory import find_certificates
from wicketgate.pki.authority import create_root, issue
from wicketgate.pki.profile import LeafProfile
from wicketgate.private_ca import PrivateCa
from wicketgate.spec.installation import CertificatesSection
from wicketgate.store.ca_certificates import AuthorityStore, Purpose
from wicketgate.store.certificates import CertificateStore
from wicketgate.store.database import open_database

NOW = 1_800_000_000.0


def test_a_state_that_does_not_exist_is_not_made_by_looking(tmp_path: Path) -> None:
    certificates = open_certificates(state=tmp_path / "state", environment="production", process={})
    assert (dict(certificates.identities()), list(certificates.authorities())) == ({}, [])
    assert certificates.key_pair("billing") is None
    assert not (tmp_path / "state").exists()


def test_changes_of_another_process_are_seen(tmp_path: Path) -> None:
    certificates = open_certificates(state=tmp_path, environment="production", process={})
    assert dict(certificates.identities()) == {}
    store = CertificateStore(open_database(tmp_path))
    root = create_root("root", now=NOW)
    pair = issue(root, LeafProfile("client"), now=NOW)
    store.add("billing", pair, ["production"])
    assert dict(certificates.identities()) == {"billing": True}
    found = certificates.key_pair("billing")
    assert found is not None
    assert (found.chain, found.key) == (pair.chain_pem, pair.key)
    before = certificates.token()
    store.disable("billing")
    assert certificates.token() != before
    assert dict(certificates.identities()) == {"billing": False}
    assert certificates.key_pair("billing") is None


def test_authorities_of_callers_do_not_vouch_for_origins(tmp_path: Path) -> None:
    store = AuthorityStore(open_database(tmp_path))
    root = create_root("root", now=NOW).certificate.pem
    store.add("partners", root, Purpose.CLIENTS)
    store.add("corporate", root, Purpose.ORIGINS, revoked="list")
    certificates = open_certificates(state=tmp_path, environment="production", process={})
    assert sorted(certificates.authorities()) == ["corporate"]
    assert certificates.authority("partners") is None
    trusted = certificates.authority("corporate")
    assert trusted is not None
    assert (trusted.chain, trusted.revoked) == (root, "list")


def test_the_private_authority_is_there_once_it_was_made(tmp_path: Path) -> None:
    certificates = open_certificates(state=tmp_path, environment="production", process={})
    assert certificates.private_authority() is None
    state = PrivateCa(open_database(tmp_path)).init()
    assert sorted(certificates.authorities()) == ["private"]
    trusted = certificates.private_authority()
    assert trusted is not None
    assert (trusted.chain, trusted.revoked) == (state.bundle, state.leaf_lists)


def test_a_directory_of_certificates(tmp_path: Path) -> None:
    for name in ("billing", "orders"):
        (tmp_path / "certs" / name).mkdir(parents=True)
        (tmp_path / "certs" / name / "tls.crt").touch()
    (tmp_path / "certs" / "empty").mkdir()
    found = find_certificates(tmp_path, CertificatesSection(directory="certs"))
    assert sorted(found) == ["billing", "orders"]
    assert found["billing"].key == tmp_path / "certs/billing/tls.key"
    assert find_certificates(tmp_path, CertificatesSection()) == {}
