"""The parts of one transaction on the private authority."""

from __future__ import annotations

import dataclasses

from sqlalchemy import Connection

from wicketgate.pki.authority import create_intermediate, create_root, issue
from wicketgate.pki.certificate import Certificate
from wicketgate.pki.key_pair import KeyPair
from wicketgate.pki.profile import LeafProfile
from wicketgate.pki.revocation import LIST_LIFE, Revocation, revocation_list
from wicketgate.private_ca.errors import PrivateCaError
from wicketgate.private_ca.names import Identity
from wicketgate.private_ca.state import CaState
from wicketgate.store.authorities import (
    Issued,
    Role,
    Signer,
    Standing,
    add_issued,
    add_signer,
    publish_list,
    read_issued,
    read_settings,
    read_signers,
    release_issued,
    stand,
    write_settings,
)
from wicketgate.store.certificates import CertificateSource, disable_everywhere, insert_pair, renew_pair
from wicketgate.store.database import Database


def read_state(connection: Connection, database: Database) -> CaState | None:
    settings = read_settings(connection)
    if settings is None:
        return None
    return CaState(settings, tuple(read_signers(connection, database)), tuple(read_issued(connection)))


class Step:
    """The parts of one transaction. `state` is what was read last; `refresh` reads it anew."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self.connection = connection
        self.database = database
        self.now = database.clock()
        self.refresh()

    def refresh(self) -> None:
        state = read_state(self.connection, self.database)
        if state is None:
            raise PrivateCaError("there is no private authority yet", hint="make it: `wicket ca init`")
        self.state = state

    @property
    def signer(self) -> Signer:
        return self.state.intermediate

    def new_root(self, standing: Standing) -> Signer:
        settings = self.state.settings
        number = self._next_number()
        authority = create_root(f"{settings.trust_domain} root {number}", now=self.now, algorithm=settings.algorithm)
        identifier = authority.certificate.fingerprint
        signer = Signer(identifier, Role.ROOT, identifier, standing, self.now, authority, "", self.now)
        add_signer(self.connection, self.database, signer)
        self.refresh()
        return signer

    def new_intermediate(self, root: Signer) -> None:
        settings = self.state.settings
        name = f"{settings.trust_domain} intermediate {self._next_number()}"
        authority = create_intermediate(root.authority, name, now=self.now, algorithm=settings.algorithm)
        identifier = authority.certificate.fingerprint
        signer = Signer(identifier, Role.INTERMEDIATE, root.id, Standing.CURRENT, self.now, authority, "", self.now)
        add_signer(self.connection, self.database, signer)
        self.refresh()

    def switch_intermediate(self, root: Signer) -> None:
        stand(self.connection, self.signer, Standing.PREVIOUS, now=self.now)
        self.new_intermediate(root)

    def client_profile(self, name: str, environment: str, life: float | None) -> LeafProfile:
        identity = Identity(self.state.settings.trust_domain, environment, name)
        return LeafProfile(
            identity.dns_name,
            dns_names=(identity.dns_name,),
            uris=(identity.uri,),
            life=self.state.settings.life if life is None else life,
        )

    def issue_kept(self, profile: LeafProfile, name: str, environment: str) -> Issued:
        pair = self._signed(profile)
        source = CertificateSource.PRIVATE_AUTHORITY
        insert_pair(self.connection, self.database, name, pair, [environment], source=source)
        return self.note(pair.leaf, name, environment, profile, kept=True)

    def issue_away(self, profile: LeafProfile) -> KeyPair:
        pair = self._signed(profile)
        self.note(pair.leaf, profile.common_name, "", profile, kept=False)
        return pair

    def renew(self) -> None:
        """Issue anew what is due: near its end, or signed by what signs no more."""
        for issued in self.state.latest().values():
            if self.state.renews_at(issued) <= self.now:
                self._renew(issued)
        self.refresh()

    def _renew(self, issued: Issued) -> None:
        pair = self._signed(issued.profile)
        if renew_pair(self.connection, self.database, issued.name, pair):
            self.note(pair.leaf, issued.name, issued.environment, issued.profile, kept=True)
        else:
            # Deleted, or another certificate was put in its place: it is no longer ours to renew.
            release_issued(self.connection, issued.name)

    def withdraw(self, name: str) -> None:
        """Let no environment use a kept certificate any more, and do not renew it."""
        disable_everywhere(self.connection, name)
        release_issued(self.connection, name)

    def note(self, leaf: Certificate, name: str, environment: str, profile: LeafProfile, *, kept: bool) -> Issued:
        issued = Issued(
            serial=leaf.serial,
            authority=self.signer.id,
            name=name,
            environment=environment,
            profile=profile,
            kept=kept,
            issued_at=self.now,
            not_after=leaf.not_after,
        )
        add_issued(self.connection, issued)
        return issued

    def publish_lists(self) -> None:
        """Sign the revocation list of every signer anew."""
        for signer in self.state.signers:
            text = revocation_list(signer.authority, self._revoked_by(signer), number=self._next_number(), now=self.now)
            publish_list(self.connection, signer, text, due=self.now + LIST_LIFE / 2)
        self.refresh()

    def _revoked_by(self, signer: Signer) -> list[Revocation]:
        return [each.revocation for each in self.state.issued if each.revocation and each.authority == signer.id]

    def _signed(self, profile: LeafProfile) -> KeyPair:
        return issue(self.signer.authority, profile, now=self.now, algorithm=self.state.settings.algorithm)

    def _next_number(self) -> int:
        """Lists and the names of authorities are numbered in one sequence, each number used once."""
        settings = self.state.settings
        number = settings.list_number + 1
        write_settings(self.connection, dataclasses.replace(settings, list_number=number))
        self.refresh()
        return number
