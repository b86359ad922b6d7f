"""Names of certificates and authorities: of the certificate directory, of the store, and of files of the project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wicketgate.diagnostics import nearest
from wicketgate.ir.secrets import (
    AuthorityFile,
    AuthoritySource,
    IdentitySource,
    KeyPairSecret,
    PrivateAuthority,
    StoredAuthority,
    StoredIdentity,
)
from wicketgate.resolve.authority import AuthorityError
from wicketgate.spec.certificates import NO_CERTIFICATES, PRIVATE, CertificateLookup


@dataclass(frozen=True, slots=True)
class CertificateTable:
    """What a project may name. A certificate of the directory hides a stored one of the same name."""

    lookup: CertificateLookup = NO_CERTIFICATES
    directory: Mapping[str, KeyPairSecret] = field(default_factory=dict)
    awaited: frozenset[str] = frozenset()
    """Names of certificates that the gateway gets by itself, from the time it runs."""
    folder: Path = Path()
    """Of the project: file names are relative to it."""

    def identity(self, name: str) -> IdentitySource:
        """Return where the certificate comes from. Raises `AuthorityError`: there is no way on without it."""
        return self.directory[name] if name in self.directory else self.stored(name)

    def stored(self, name: str) -> StoredIdentity:
        """Return one of the store's. Raises `AuthorityError`."""
        stored = self.lookup.identities()
        if name in self.awaited:
            return StoredIdentity(name)
        if name not in stored:
            like = nearest(name, {*stored, *self.directory})
            hint = like or f"import it: `wicket cert import {name} --cert FILE --key FILE`"
            raise AuthorityError("unknown-certificate", f"there is no certificate `{name}`", hint)
        if not stored[name]:
            raise AuthorityError(
                "certificate-disabled",
                f"the certificate `{name}` is not enabled in this environment",
                f"enable it: `wicket cert enable {name} --environment …`",
            )
        return StoredIdentity(name)

    def authority(self, name: str) -> AuthoritySource:
        """Return where authorities come from: `private`, a stored name, or a file. Raises `AuthorityError`."""
        if "/" in name or name.endswith((".pem", ".crt")):
            return self._file(name)
        known = self.lookup.authorities()
        if name == PRIVATE and PRIVATE not in known:
            raise AuthorityError("unknown-authority", "there is no private authority yet", "make it: `wicket ca init`")
        if name not in known:
            add = f"add it: `wicket ca-certificate create --for origins --name {name} --cert FILE`"
            message = f"there is no certificate authority `{name}`"
            raise AuthorityError("unknown-authority", message, nearest(name, known) or add)
        return PrivateAuthority() if name == PRIVATE else StoredAuthority(name)

    def _file(self, name: str) -> AuthorityFile:
        return AuthorityFile(name.removeprefix("./"), self.existing(name))

    def existing(self, name: str) -> Path:
        """Return a file of authorities, or of what they have revoked. Raises `AuthorityError` if it is not there."""
        path = self.folder / name
        if not path.is_file():
            raise AuthorityError(
                "unknown-authority", f"there is no file `{name}`", "it is looked for relative to the project folder"
            )
        return path
