"""A certificate that went bad does not go live: the one in use stays. A variable that went bad stops everything."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.known_certificates import KnownCertificates
from tests.support.variables import GivenVariables
from wicketgate.control.candidate import Candidate, load_candidate, save_candidate
from wicketgate.control.secret_values import BadSecretError, Values
from wicketgate.errors import WicketError
from wicketgate.ir.credentials.base import CredentialUse, Renewal
from wicketgate.ir.credentials.oauth import ClientSecret, OAuthToken
from wicketgate.ir.secrets import (
    AuthorityFile,
    BrokeredToken,
    ClientAuthorities,
    ClientAuthorityFile,
    KeyPairSecret,
    PrivateAuthority,
    SecretSource,
    SigningKeys,
    StoredAuthority,
    StoredIdentity,
    TextSecret,
    VariableRef,
)
from wicketgate.xds.kinds import Kind
from wicketgate.xds.snapshot import Snapshot, VersionKey

KEY = VersionKey(b"key")
OAUTH = OAuthToken(
    token_url="https://id.example.com/token",
    client_id=TextSecret(("us",)),
    client=ClientSecret(TextSecret((VariableRef("SECRET"),))),
    parameters=(("scope", "orders"),),
    renewal=Renewal(1, 30.0),
)
NOTHING = Values(GivenVariables(), KnownCertificates())


@pytest.fixture
def mounted(tmp_path: Path) -> KeyPairSecret:
    pair = Authority.create(tmp_path / "ca").issue("mounted.example.com")
    return KeyPairSecret("mounted", pair.certificate, pair.key)


def _candidate(source: SecretSource) -> Candidate:
    return Candidate(Snapshot(), {"it": source})


def test_half_of_a_change_keeps_the_pair_in_use(mounted: KeyPairSecret, tmp_path: Path) -> None:
    candidate = _candidate(mounted)
    first = candidate.joined(NOTHING, KEY, held={})
    assert first.kept == {}
    other = Authority.create(tmp_path / "other").issue("mounted.example.com")
    mounted.certificate.write_bytes(other.certificate.read_bytes())
    second = candidate.joined(NOTHING, KEY, held=first.snapshot.of(Kind.SECRETS))
    assert second.snapshot == first.snapshot
    assert str(mounted.certificate) in second.kept["it"]
    mounted.key.write_bytes(other.key.read_bytes())
    third = candidate.joined(NOTHING, KEY, held=second.snapshot.of(Kind.SECRETS))
    assert third.kept == {}
    assert third.snapshot != first.snapshot


def test_a_pair_that_was_never_right_stops_the_publish(mounted: KeyPairSecret) -> None:
    mounted.key.unlink()
    with pytest.raises(WicketError, match=r"cannot read .*\.key"):
        _candidate(mounted).joined(NOTHING, KEY, held={})


@pytest.mark.parametrize("source", [StoredIdentity("gone"), StoredAuthority("gone"), PrivateAuthority()])
def test_what_is_not_in_the_store_stops_the_publish(source: SecretSource) -> None:
    with pytest.raises(BadSecretError, match="not there"):
        _candidate(source).joined(NOTHING, KEY, held={})


def test_a_variable_that_is_gone_is_not_kept() -> None:
    candidate = _candidate(TextSecret((VariableRef("SECRET"),)))
    values = Values(GivenVariables(secret={"SECRET": "value"}), KnownCertificates())
    held = candidate.joined(values, KEY, held={}).snapshot.of(Kind.SECRETS)
    with pytest.raises(BadSecretError, match="SECRET is not set"):
        candidate.joined(NOTHING, KEY, held=held)


def test_authorities_go_out_with_what_they_revoked(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path / "ca")
    joined = _candidate(AuthorityFile("ca.pem", authority.roots)).joined(NOTHING, KEY, held={})
    message = json.loads(joined.snapshot.of(Kind.SECRETS)["it"].body)["validation_context"]
    assert b"BEGIN CERTIFICATE" in base64.b64decode(message["trusted_ca"]["inline_bytes"])


def test_every_source_survives_being_saved(tmp_path: Path) -> None:
    sources: dict[str, SecretSource] = {
        "text": TextSecret(("Bearer ", VariableRef("KEY")), percent_encoded=True),
        "pair": KeyPairSecret("a", Path("/a.crt"), Path("/a.key")),
        "identity": StoredIdentity("billing"),
        "file": AuthorityFile("ca.pem", Path("/ca.pem")),
        "authority": StoredAuthority("corporate"),
        "private": PrivateAuthority(),
        "clients": ClientAuthorities(
            (ClientAuthorityFile(Path("/c.pem")), ClientAuthorityFile(Path("/d"), Path("/e")))
        ),
        "token": BrokeredToken(CredentialUse(OAUTH, "api.example.com"), "Bearer "),
        "keys": SigningKeys(CredentialUse(OAUTH, "api.example.com")),
    }
    save_candidate(tmp_path / "last-good.json", Candidate(Snapshot(), sources))
    loaded = load_candidate(tmp_path / "last-good.json", KEY)
    assert loaded is not None
    assert loaded.sources == sources
