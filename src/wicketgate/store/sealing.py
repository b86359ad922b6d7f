"""AES-256-GCM (NIST SP 800-38D) around each value, bound to the row that it stands in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from wicketgate.errors import WicketError
from wicketgate.secret_value import SecretValue

_NONCE_BYTES = 12


class SealError(WicketError):
    """A sealed value does not open: another key sealed it, or its row was changed."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Sealed:
    """`key_id` tells which key sealed it, and nothing of the key."""

    key_id: str
    box: bytes = field(repr=False)
    """Nonce and ciphertext."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens with one key of 32 bytes. `place` is (environment, name, slot)."""

    key: bytes = field(repr=False)

    @property
    def key_id(self) -> str:
        return hmac.new(self.key, b"wicketgate key id", hashlib.sha256).hexdigest()[:16]

    def seal(self, value: SecretValue, place: tuple[str, ...]) -> Sealed:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = AESGCM(self.key).encrypt(nonce, value.reveal().encode(), self._bound(place))
        return Sealed(self.key_id, nonce + box)

    def open(self, sealed: Sealed, place: tuple[str, ...]) -> SecretValue:
        """Return the value. Raises `SealError`, which names the place and never the value."""
        name = place[1]
        if sealed.key_id != self.key_id:
            raise SealError(
                f"the value of {name} was sealed with another key", hint="put back the key it was sealed with"
            )
        try:
            text = AESGCM(self.key).decrypt(sealed.box[:_NONCE_BYTES], sealed.box[_NONCE_BYTES:], self._bound(place))
        except InvalidTag:
            raise SealError(
                f"the stored value of {name} was changed from outside",
                hint=f"set it again: wicket env set {name} --secret",
            ) from None
        return SecretValue(text.decode())

    def _bound(self, place: tuple[str, ...]) -> bytes:
        return b"\0".join(part.encode() for part in (self.key_id, *place))
