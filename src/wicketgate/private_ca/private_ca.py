"""What can be done with the private authority. Each method is one transaction: all of it happens, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from wicketgate.pki.authority import sign_request
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.private_key import KeyAlgorithm
from wicketgate.pki.profile import CLIENT_LIFE, DAY, LeafProfile
from wicketgate.pki.revocation import Reason, Revocation
from wicketgate.private_ca.advance import advance
from wicketgate.private_ca.errors import PrivateCaError
from wicketgate.private_ca.names import new_trust_domain
from wicketgate.private_ca.root_rotation import retire, roll_back, stage, switch
from wicketgate.private_ca.state import CaState
from wicketgate.private_ca.step import Step, read_state
from wicketgate.store.authorities import (
    AuthoritySettings,
    Issued,
    Standing,
    mark_revoked,
    read_settings,
    write_settings,
)
from wicketgate.store.database import Database

SERVER_LIFE = 90 * DAY


@dataclass(frozen=True, slots=True)
class PrivateCa:
    """The private authority of one installation."""

    database: Database

    def init(
        self,
        *,
        trust_domain: str | None = None,
        algorithm: KeyAlgorithm = KeyAlgorithm.EC_P256,
        life: float = CLIENT_LIFE,
        settle: float = DAY,
        soak: float = 7 * DAY,
    ) -> CaState:
        """Make root and intermediate. Raises `PrivateCaError` if there is an authority already."""
        with self.database.write() as connection:
            if read_settings(connection) is not None:
                raise PrivateCaError("there is a private authority already", hint="see `wicket ca show`")
            domain = trust_domain or new_trust_domain()
            write_settings(connection, AuthoritySettings(domain, algorithm, life, settle, soak))
            step = Step(connection, self.database)
            root = step.new_root(Standing.CURRENT)
            step.new_intermediate(root)
            step.publish_lists()
            return step.state

    def state(self) -> CaState | None:
        """Return how the authority stands, or None when there is none."""
        with self.database.read() as connection:
            return read_state(connection, self.database)

    def issue(self, name: str, environment: str, *, life: float | None = None) -> Issued:
        """Issue a client certificate, keep it for the gateway under `name`, and renew it from now on.

        Raises `PrivateCaError`, and `CertificateStoreError` if the name is taken.
        """
        with self.database.write() as connection:
            step = self._step(connection)
            return step.issue_kept(step.client_profile(name, environment, life), name, environment)

    def issue_server(
        self, dns_names: Iterable[str], addresses: Iterable[str] = (), *, life: float = SERVER_LIFE
    ) -> KeyPair:
        """Issue a server certificate for an origin, whose key is returned and not kept."""
        profile = _server_profile(tuple(dns_names), tuple(addresses), life)
        with self.database.write() as connection:
            return self._step(connection).issue_away(profile)

    def sign(self, request: bytes, name: str, environment: str, *, source: str, life: float | None = None) -> str:
        """Sign the request of somebody who keeps the key, as a client called `name`; return the chain in PEM.

        Raises `BadCertificateError` for a request that cannot be signed.
        """
        with self.database.write() as connection:
            step = self._step(connection)
            profile = step.client_profile(name, environment, life)
            chain = sign_request(step.signer.authority, request, profile, now=step.now, source=source)
            step.note(chain[0], name, environment, profile, kept=False)
            return "".join(certificate.pem for certificate in chain)

    def revoke(self, name: str, *, reason: Reason = Reason.UNSPECIFIED, withdraw: bool = False) -> tuple[str, ...]:
        """Revoke by serial or by name, all that has not expired; return the serials.

        A kept certificate is issued anew at once, or with `withdraw` no environment may use it any more.
        Raises `PrivateCaError` when there is nothing to revoke.
        """
        with self.database.write() as connection:
            step = self._step(connection)
            found = [each for each in step.state.issued if name in (each.serial, each.name)]
            living = [each for each in found if each.revocation is None and each.not_after > step.now]
            if not living:
                raise PrivateCaError(f"nothing that is valid was issued as `{name}`", hint="see `wicket ca show`")
            for each in living:
                mark_revoked(connection, Revocation(each.serial, step.now, reason))
            for kept in sorted({each.name for each in living if each.kept}):
                if withdraw:
                    step.withdraw(kept)
            step.refresh()
            step.renew()
            step.publish_lists()
            return tuple(each.serial for each in living)

    def rotate_intermediate(self) -> CaState:
        """Let a new intermediate sign, and issue every kept certificate anew."""
        return self._do(lambda step: step.switch_intermediate(step.state.root))

    def stage_root(self, *, settle: float | None = None, soak: float | None = None) -> CaState:
        """Make a new root, which signs nothing yet. Raises `PrivateCaError` while another rotation is under way."""

        return self._do(partial(stage, settle=settle, soak=soak))

    def switch_root(self) -> CaState:
        """Let the new root sign. Raises `PrivateCaError` unless one is staged."""
        return self._do(switch)

    def retire_root(self) -> CaState:
        """Trust the old root no more. Raises `PrivateCaError` unless there is one."""
        return self._do(retire)

    def roll_back_root(self) -> CaState:
        """Forget the staged root, or let the old one sign again, and wait there for a person."""
        return self._do(roll_back)

    def advance(self) -> float | None:
        """Do everything that is due; return when to look again (seconds since the epoch), None without authority."""
        state = self.state()
        if state is None:
            return None
        if min(state.due()) <= self.database.clock():
            state = self._do(advance)
        return min(state.due())

    def _do(self, act: Callable[[Step], None]) -> CaState:
        with self.database.write() as connection:
            step = self._step(connection)
            act(step)
            step.refresh()
            step.renew()
            step.publish_lists()
            return step.state

    def _step(self, connection: Connection) -> Step:
        if read_settings(connection) is None:
            raise PrivateCaError("there is no private authority yet", hint="make it: `wicket ca init`")
        return Step(connection, self.database)


def _server_profile(dns_names: tuple[str, ...], addresses: tuple[str, ...], life: float) -> LeafProfile:
    if not dns_names and not addresses:
        raise PrivateCaError("a server certificate needs a name", hint="give --dns or --ip")
    common = (dns_names or addresses)[0]
    return LeafProfile(common, purpose=Purpose.SERVER, dns_names=dns_names, addresses=addresses, life=life)
