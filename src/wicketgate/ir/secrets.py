"""Values that Envoy receives by SDS only, described without the values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wicketgate.ir.credentials.base import CredentialUse


@dataclass(frozen=True, slots=True)
class VariableRef:
    """Stands for the value of one variable inside a template."""

    name: str


@dataclass(frozen=True, slots=True)
class TextSecret:
    """A text composed of literals and variables, such as `Bearer $env(VENDOR_KEY)`.

    `percent_encoded` asks for the values of the variables to be percent-encoded (RFC 3986), for use in a query.
    """

    parts: tuple[str | VariableRef, ...]
    percent_encoded: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts if isinstance(part, VariableRef))


@dataclass(frozen=True, slots=True)
class KeyPairSecret:
    """A certificate chain and its key, as PEM files that are read at publish time.

    `name` is how the project calls the certificate: it names the secret, wherever the project's folder is.
    """

    name: str
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class StoredIdentity:
    """A certificate chain and its key, sealed in the store under this name."""

    name: str


IdentitySource = StoredIdentity | KeyPairSecret
"""Where a certificate comes from that the gateway shows."""


@dataclass(frozen=True, slots=True)
class AuthorityFile:
    """Certificate authorities in a PEM file; `name` is how the project calls it."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class StoredAuthority:
    """A certificate authority of the installation under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class PrivateAuthority:
    """The installation's own certificate authority: all its living roots, and what it has revoked."""


AuthoritySource = AuthorityFile | StoredAuthority | PrivateAuthority
"""Where certificate authorities come from that the gateway trusts."""


@dataclass(frozen=True, slots=True)
class ClientAuthorityFile:
    """Certificate authorities that vouch for callers, and what they have revoked, as PEM files."""

    path: Path
    revoked: Path | None = None


@dataclass(frozen=True, slots=True)
class ClientAuthorities:
    """All certificate authorities that vouch for callers: those of the store, and these files."""

    files: tuple[ClientAuthorityFile, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokeredToken:
    """What the broker holds at the moment, behind `prefix`; nothing while it holds nothing."""

    use: CredentialUse
    prefix: str = "Bearer "


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """Says whether the file of keys that Envoy signs with holds living ones. The keys themselves do not go by SDS."""

    use: CredentialUse


PublishedSource = TextSecret | IdentitySource | AuthoritySource | ClientAuthorities
"""What is published with a version."""

BrokeredSource = BrokeredToken | SigningKeys
"""What the broker gives: it comes and goes beside the versions."""

SecretSource = PublishedSource | BrokeredSource
