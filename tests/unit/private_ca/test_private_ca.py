"""The life of the private authority, with a clock of the test's own."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from wicketgate.pki.certificate import Certificate, hex_serial, parse_certificates
from wicketgate.pki.profile import DAY, HOUR
from wicketgate.pki.revocation import Reason
from wicketgate.private_ca import CaState, PrivateCa, PrivateCaError
from wicketgate.store.authorities import Standing
from wicketgate.store.certificates import CertificateStore, CertificateStoreError
from wicketgate.store.database import open_database

START = 1_800_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Stand:
    """An authority, what the gateway would use of it, and the clock of both."""

    ca: PrivateCa
    certificates: CertificateStore
    clock: Clock

    @property
    def state(self) -> CaState:
        state = self.ca.state()
        assert state is not None
        return state

    def chain(self, name: str = "billing") -> tuple[Certificate, ...]:
        """Return what the gateway shows to an origin."""
        return parse_certificates(self.certificates.read("production")[name].chain.encode(), source=name)

    def after(self, seconds: float) -> float | None:
        self.clock.now += seconds
        return self.ca.advance()


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    clock = Clock()
    database = open_database(tmp_path, clock=clock)
    ca = PrivateCa(database)
    ca.init(trust_domain="example.internal", settle=HOUR, soak=2 * HOUR)
    return Stand(ca, CertificateStore(database), clock)


def _trusts(bundle: str, chain: tuple[Certificate, ...], now: float) -> bool:
    """Ask pyca's own path validation, as an origin that has `bundle` would."""
    loaded = [x509.load_pem_x509_certificate(each.pem.encode()) for each in chain]
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None)
    verifier = PolicyBuilder().store(Store(x509.load_pem_x509_certificates(bundle.encode()))).time(moment)
    try:
        verifier.build_client_verifier().verify(loaded[0], loaded[1:])
    except VerificationError:
        return False
    return True


def _revoked(state: CaState) -> set[str]:
    lists = [text + "-----END X509 CRL-----" for text in state.lists.split("-----END X509 CRL-----")[:-1]]
    loaded = [x509.load_pem_x509_crl(text.strip().encode()) for text in lists]
    return {hex_serial(entry.serial_number) for each in loaded for entry in each}


def test_a_client_certificate_says_which_installation_environment_and_origin(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    leaf = stand.chain()[0]
    assert leaf.uris == ("spiffe://example.internal/gateway/production/origin/billing",)
    assert leaf.dns_names == ("billing.production.example.internal",)
    assert _trusts(stand.state.bundle, stand.chain(), stand.clock.now)
    assert stand.certificates.enabled("production") == {"billing": True}
    assert stand.certificates.enabled("preview") == {"billing": False}


@pytest.mark.parametrize("name", ["Billing", "a_b", "a.b", "", "x" * 64, "-a"])
def test_a_name_that_could_be_taken_for_another_is_refused(stand: Stand, name: str) -> None:
    with pytest.raises(PrivateCaError, match="identity"):
        stand.ca.issue(name, "production")
    assert stand.certificates.entries() == []


def test_a_name_is_issued_once(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    with pytest.raises(CertificateStoreError, match="already"):
        stand.ca.issue("billing", "preview")
    assert len(stand.state.issued) == 1


def test_without_authority_nothing_is_issued(tmp_path: Path) -> None:
    ca = PrivateCa(open_database(tmp_path))
    assert ca.state() is None
    assert ca.advance() is None
    with pytest.raises(PrivateCaError, match="no private authority yet"):
        ca.issue("billing", "production")
    ca.init()
    with pytest.raises(PrivateCaError, match="already"):
        ca.init()


def test_a_certificate_is_renewed_at_two_thirds_of_its_life(stand: Stand) -> None:
    stand.ca.issue("billing", "production", life=3 * HOUR)
    first = stand.chain()[0].serial
    stand.after(2 * HOUR - 400)
    assert stand.chain()[0].serial == first
    stand.after(401)
    second = stand.chain()[0]
    assert second.serial != first
    assert second.not_after == pytest.approx(stand.clock.now + 3 * HOUR, abs=2)


def test_advance_says_when_to_look_again(stand: Stand) -> None:
    stand.ca.issue("billing", "production", life=3 * HOUR)
    at = stand.ca.advance()
    assert at is not None
    before = stand.chain()[0].serial
    stand.clock.now = at - 1
    stand.ca.advance()
    assert stand.chain()[0].serial == before
    stand.clock.now = at
    stand.ca.advance()
    assert stand.chain()[0].serial != before


def test_nothing_due_writes_nothing(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    before = stand.ca.database.sequence()
    stand.after(60)
    assert stand.ca.database.sequence() == before


def test_a_deleted_certificate_is_not_renewed(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    stand.certificates.delete("billing")
    at = stand.after(DAY)
    assert at is not None
    assert at > stand.clock.now
    assert stand.state.latest() == {}


def test_a_new_intermediate_signs_everything_anew(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    old = stand.chain()
    state = stand.ca.rotate_intermediate()
    new = stand.chain()
    assert old[1].fingerprint != new[1].fingerprint == state.intermediate.id
    for chain in (old, new):
        assert _trusts(state.bundle, chain, stand.clock.now), "what is in flight keeps working"


def test_an_old_intermediate_goes_when_nothing_of_it_is_left(stand: Stand) -> None:
    stand.ca.issue("billing", "production", life=HOUR)
    stand.ca.rotate_intermediate()
    stand.after(HOUR)
    assert len(stand.state.intermediates()) == 2
    stand.after(2 * DAY)
    assert len(stand.state.intermediates()) == 1


def test_an_intermediate_is_renewed_by_itself(stand: Stand) -> None:
    first = stand.state.intermediate.id
    stand.after(250 * DAY)
    assert stand.state.intermediate.id != first


def test_a_root_is_rotated_so_that_origins_in_time_refuse_nothing(stand: Stand) -> None:
    stand.ca.issue("billing", "production", life=20 * HOUR)
    before, old_bundle = stand.chain(), stand.state.bundle
    staged = stand.ca.stage_root()
    assert old_bundle in staged.bundle
    assert staged.bundle.count("BEGIN") == 2
    assert stand.chain() == before, "a staged root signs nothing"
    stand.after(HOUR)
    switched = stand.state
    assert stand.chain()[0].serial != before[0].serial
    for chain in (before, stand.chain()):
        assert _trusts(switched.bundle, chain, stand.clock.now)
    assert not _trusts(old_bundle, stand.chain(), stand.clock.now), "an origin that never took the bundle refuses"
    stand.after(2 * HOUR)
    assert stand.state.bundle.count("BEGIN") == 1
    assert _trusts(stand.state.bundle, stand.chain(), stand.clock.now)
    assert not _trusts(stand.state.bundle, before, stand.clock.now)


def test_one_rotation_of_the_root_at_a_time(stand: Stand) -> None:
    stand.ca.stage_root()
    with pytest.raises(PrivateCaError, match="under way"):
        stand.ca.stage_root()
    stand.ca.switch_root()
    with pytest.raises(PrivateCaError, match="under way"):
        stand.ca.stage_root()


def test_a_rotation_is_rolled_back_and_waits(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    old = stand.state.root.id
    stand.ca.stage_root()
    stand.ca.switch_root()
    held = stand.ca.roll_back_root()
    assert (held.root.id, held.settings.held) == (old, True)
    stand.after(10 * HOUR)
    assert stand.state.root.id == old, "held: nothing goes on by itself"
    assert _trusts(held.root.authority.certificate.pem, stand.chain(), stand.clock.now)
    assert stand.ca.switch_root().root.id != old


def test_a_staged_root_is_taken_back(stand: Stand) -> None:
    before = stand.state.bundle
    stand.ca.stage_root()
    assert stand.ca.roll_back_root().bundle == before
    with pytest.raises(PrivateCaError, match="no rotation"):
        stand.ca.roll_back_root()
    with pytest.raises(PrivateCaError, match="no new root"):
        stand.ca.switch_root()
    with pytest.raises(PrivateCaError, match="no old root"):
        stand.ca.retire_root()


def test_an_old_root_stays_while_others_hold_certificates_of_it(stand: Stand) -> None:
    stand.ca.issue_server(["api.example.com"], life=30 * DAY)
    stand.ca.stage_root()
    stand.ca.switch_root()
    stand.after(10 * DAY)
    assert len(stand.state.roots()) == 2
    stand.after(21 * DAY)
    assert len(stand.state.roots()) == 1


def test_a_revoked_certificate_is_listed_and_replaced(stand: Stand) -> None:
    first = stand.ca.issue("billing", "production").serial
    assert stand.ca.revoke("billing", reason=Reason.KEY_COMPROMISE) == (first,)
    assert _revoked(stand.state) == {first}
    assert stand.chain()[0].serial != first
    with pytest.raises(PrivateCaError, match="nothing that is valid"):
        stand.ca.revoke(first)


def test_a_withdrawn_certificate_comes_back_by_nothing(stand: Stand) -> None:
    stand.ca.issue("billing", "production")
    stand.ca.revoke("billing", withdraw=True)
    assert stand.certificates.enabled("production") == {"billing": False}
    stand.after(DAY)
    stand.ca.rotate_intermediate()
    assert stand.state.latest() == {}
    assert stand.certificates.read("production") == {}


def test_lists_are_signed_anew_before_they_are_out_of_date(stand: Stand) -> None:
    def due() -> float:
        loaded = x509.load_pem_x509_crl(stand.state.intermediate.revoked.encode()).next_update_utc
        assert loaded is not None
        return loaded.timestamp()

    first = due()
    stand.after(4 * DAY)
    assert due() > first > stand.clock.now


def test_a_request_is_signed_for_those_who_keep_their_key(stand: Stand) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    asked = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody-else")])
    request = x509.CertificateSigningRequestBuilder().subject_name(asked).sign(key, hashes.SHA256())
    pem = request.public_bytes(serialization.Encoding.PEM)
    chain = parse_certificates(stand.ca.sign(pem, "agent-7", "production", source="request").encode(), source="chain")
    assert chain[0].uris == ("spiffe://example.internal/gateway/production/origin/agent-7",)
    assert "somebody-else" not in chain[0].subject
    assert _trusts(stand.state.bundle, chain, stand.clock.now)
    assert stand.ca.revoke("agent-7") == (chain[0].serial,)


def test_the_state_survives_being_read_by_another_process(stand: Stand, tmp_path: Path) -> None:
    issued = stand.ca.issue("billing", "production")
    again = PrivateCa(open_database(tmp_path, clock=stand.clock)).state()
    assert again is not None
    assert again.latest()["billing"] == issued
    assert dataclasses.replace(again, signers=()) == dataclasses.replace(stand.state, signers=())


def test_no_key_is_readable(stand: Stand, tmp_path: Path) -> None:
    stand.ca.issue("billing", "production")
    content = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert b"PRIVATE KEY" not in content
    assert "PRIVATE" not in repr(stand.state)
    assert [each.standing for each in stand.state.roots()] == [Standing.CURRENT]
