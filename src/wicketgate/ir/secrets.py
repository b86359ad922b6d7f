"""Values that Envoy receives by SDS only, described without the values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
    """A server certificate chain and its key, as PEM files that are read at publish time.

    `name` is how the project calls the certificate: it names the secret, wherever the project's folder is.
    """

    name: str
    certificate: Path
    key: Path


SecretSource = TextSecret | KeyPairSecret
