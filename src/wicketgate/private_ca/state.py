"""How the private authority stands, and what is due: decided from what was read, without doing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wicketgate.pki.renewal import renew_at
from wicketgate.private_ca.errors import PrivateCaError
from wicketgate.store.authorities import AuthoritySettings, Issued, Role, Signer, Standing

LIST_GRACE = 86_400.0
"""Seconds for which an expired certificate stays known, so that a revoked one is in one more list."""


@dataclass(frozen=True, slots=True)
class CaState:
    """Everything that the store knows of the authority."""

    settings: AuthoritySettings
    signers: tuple[Signer, ...]
    issued: tuple[Issued, ...]

    def roots(self, *standings: Standing) -> tuple[Signer, ...]:
        """Return the roots, those that stand so or all."""
        return tuple(each for each in self._of(Role.ROOT) if not standings or each.standing in standings)

    @property
    def root(self) -> Signer:
        """The root that signs. Raises `PrivateCaError`."""
        return _only(self.roots(Standing.CURRENT), "root")

    @property
    def intermediate(self) -> Signer:
        """The intermediate that signs. Raises `PrivateCaError`."""
        return _only(self.intermediates(Standing.CURRENT), "intermediate")

    def intermediates(self, *standings: Standing) -> tuple[Signer, ...]:
        return tuple(each for each in self._of(Role.INTERMEDIATE) if not standings or each.standing in standings)

    @property
    def bundle(self) -> str:
        """All roots that origins should trust, the signing one first; PEM."""
        ordered = self.roots(Standing.CURRENT) + self.roots(Standing.NEXT, Standing.PREVIOUS)
        return "".join(each.authority.certificate.pem for each in ordered)

    @property
    def signing(self) -> str:
        """The intermediate that signs, and the root that signs intermediates; PEM."""
        signers = self.intermediates(Standing.CURRENT) + self.roots(Standing.CURRENT)
        return "".join(each.authority.certificate.pem for each in signers)

    @property
    def lists(self) -> str:
        """The revocation lists of all that sign or have signed; PEM."""
        return "".join(each.revoked for each in self.signers)

    @property
    def leaf_lists(self) -> str:
        """The revocation lists of the intermediates, which name leaves; PEM."""
        return "".join(each.revoked for each in self.intermediates())

    def latest(self) -> dict[str, Issued]:
        """Return, of each kept name, what was issued last."""
        return {each.name: each for each in self.issued if each.kept}

    def due(self) -> Iterator[float]:
        """Yield the times at which something is to be done, in seconds since the epoch."""
        settings = self.settings
        if not settings.held:
            yield from (each.since + settings.settle for each in self.roots(Standing.NEXT))
            yield from map(self.root_retires_at, self.roots(Standing.PREVIOUS))
        yield renew_at(self.intermediate.authority.certificate)
        yield from map(self.retires_at, self.intermediates(Standing.PREVIOUS))
        yield from map(self.renews_at, self.latest().values())
        yield from (each.list_due for each in self.signers)

    def renews_at(self, issued: Issued) -> float:
        """Return when a kept certificate is to be replaced: at once, when what signed it signs no more."""
        if issued.authority != self.intermediate.id or issued.revocation is not None:
            return issued.issued_at
        return issued.issued_at + (issued.not_after - issued.issued_at) * 2 / 3

    def root_retires_at(self, root: Signer) -> float:
        """Return when an old root goes by itself: after the soak, and not before what others hold of it has expired."""
        below = {each.id for each in self.intermediates() if each.root == root.id}
        held = (each.not_after for each in self.issued if not each.kept and each.authority in below)
        return max(root.since + self.settings.soak, *held, 0.0)

    def retires_at(self, intermediate: Signer) -> float:
        """Return when nothing that an old intermediate has signed can be in use any more."""
        ends = (each.not_after for each in self.issued if each.authority == intermediate.id)
        return max(ends, default=intermediate.since) + LIST_GRACE

    def _of(self, role: Role) -> Iterator[Signer]:
        return (each for each in self.signers if each.role is role)


def _only(found: tuple[Signer, ...], what: str) -> Signer:
    if len(found) != 1:
        raise PrivateCaError(f"the private authority has {len(found)} {what}s that sign", hint="restore the state")
    return found[0]
