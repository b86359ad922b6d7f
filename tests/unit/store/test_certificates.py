"""Named certificates and authorities in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from wicketgate.pki.authority import create_root, issue
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.profile import LeafProfile
from wicketgate.store.ca_certificates import AuthorityStore, Purpose
from wicketgate.store.certificates import CertificateSource, CertificateStore, CertificateStoreError
from wicketgate.store.database import Database, open_database
from wicketgate.store.schema import CERTIFICATES
from wicketgate.store.sealing import SealError

NOW = 1_800_000_000.0


def _pair(name: str = "client") -> KeyPair:
    return issue(create_root("root", now=NOW), LeafProfile(name), now=NOW)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(tmp_path, clock=lambda: NOW)


@pytest.fixture
def store(database: Database) -> CertificateStore:
    return CertificateStore(database)


def test_a_pair_comes_back_where_it_is_enabled(store: CertificateStore) -> None:
    pair = _pair()
    store.add("billing", pair, ["production", "preview"])
    found = store.read("preview")["billing"]
    assert (found.chain, found.key) == (pair.chain_pem, pair.key)
    assert store.read("development") == {}


def test_the_key_is_sealed_to_its_name(store: CertificateStore, database: Database, tmp_path: Path) -> None:
    pair = _pair()
    store.add("billing", pair, ["production"])
    store.add("other", _pair(), ["production"])
    content = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert pair.key.reveal().splitlines()[1].encode() not in content
    with database.write() as connection:
        box = connection.scalar(
            CERTIFICATES.select().with_only_columns(CERTIFICATES.c.box).where(CERTIFICATES.c.name == "billing")
        )
        connection.execute(CERTIFICATES.update().where(CERTIFICATES.c.name == "other").values(box=box))
    with pytest.raises(SealError):
        store.read("production")


def test_a_name_is_taken_once(store: CertificateStore) -> None:
    store.add("billing", _pair(), ["production"])
    with pytest.raises(CertificateStoreError, match="already"):
        store.add("billing", _pair(), ["preview"])
    assert store.find("billing").environments == ("production",)


def test_enabled_and_disabled_by_environment(store: CertificateStore) -> None:
    identifier = store.add("billing", _pair(), ["production"])
    store.enable(identifier, ["preview", "production"])
    assert store.find("billing").environments == ("preview", "production")
    store.disable("billing", ["production"])
    assert store.enabled("production") == {"billing": False}
    store.disable("billing")
    assert store.find("billing").environments == ()


def test_a_replaced_pair_keeps_name_and_environments(store: CertificateStore) -> None:
    store.add("billing", _pair(), ["production"], source=CertificateSource.PRIVATE_AUTHORITY)
    other = _pair("other")
    store.replace("billing", other)
    entry = store.find("billing")
    assert (entry.environments, entry.source) == (("production",), CertificateSource.IMPORT)
    assert store.read("production")["billing"].key == other.key


def test_a_deleted_certificate_is_gone_from_everywhere(store: CertificateStore) -> None:
    identifier = store.add("billing", _pair(), ["production"])
    store.delete(identifier)
    assert (store.entries(), store.enabled("production")) == ([], {})
    for act in (store.delete, store.find, store.disable):
        with pytest.raises(CertificateStoreError, match="no certificate `billing`"):
            act("billing")


def test_each_change_is_seen_by_others(store: CertificateStore, database: Database) -> None:
    seen = [database.sequence()]
    for act in (
        lambda: store.add("billing", _pair(), ["production"]),
        lambda: store.replace("billing", _pair()),
        lambda: store.enable("billing", ["preview"]),
        lambda: store.disable("billing"),
        lambda: store.delete("billing"),
    ):
        act()
        seen.append(database.sequence())
    assert seen == sorted(set(seen))


def test_nothing_shown_is_secret(store: CertificateStore) -> None:
    store.add("billing", _pair(), ["production"])
    assert "PRIVATE" not in repr(store.entries()) + repr(store.read("production"))


def test_authorities_by_purpose(database: Database) -> None:
    store, root = AuthorityStore(database), create_root("root", now=NOW).certificate.pem
    identifier = store.add("partners", root, Purpose.CLIENTS)
    store.add("corporate", root, Purpose.ORIGINS, revoked="list")
    assert [(each.name, each.purpose) for each in store.entries()] == [
        ("corporate", Purpose.ORIGINS),
        ("partners", Purpose.CLIENTS),
    ]
    store.update(identifier, revoked="newer")
    assert (store.find("partners").chain, store.find("partners").revoked) == (root, "newer")
    store.delete("partners")
    with pytest.raises(CertificateStoreError, match="no CA certificate"):
        store.find(identifier)
    with pytest.raises(CertificateStoreError, match="already"):
        store.add("corporate", root, Purpose.ORIGINS)
