"""The keys that sign requests: which can be used, and whether a signature is theirs."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from wicketgate_guard._authorization import KEY_ID
from wicketgate_guard._errors import GuardConfigurationError
from wicketgate_guard._guard import Verdict
from wicketgate_guard._sources import check_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Secrets = tuple[bytes, ...]


def secrets_by_id(given: Mapping[str, str | Iterable[str]] | None) -> dict[str, Secrets]:
    """Return one or two secrets by key id. Raises `GuardConfigurationError`."""
    return {_key_id("secrets", name): _secrets(f"secrets[{name!r}]", values) for name, values in (given or {}).items()}


def public_keys_by_id(given: Mapping[str, str] | None) -> dict[str, Any]:
    """Return a P-256 key by key id. Raises `GuardConfigurationError`."""
    return {_key_id("public_keys", name): _loaded(name, pem) for name, pem in (given or {}).items()}


def matching(accepted: Secrets, scope: str, text: bytes, signature: str) -> Verdict:
    """Whether one of the secrets makes this signature (SigV4) within a scope `DAY/REGION/SERVICE/aws4_request`."""
    matched = False
    for secret in accepted:
        key = b"AWS4" + secret
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        # No early exit: how long it takes must not tell which of the two it was.
        matched |= hmac.compare_digest(hmac.new(key, text, hashlib.sha256).hexdigest(), signature)
    return Verdict.ACCEPTED if matched else Verdict.MISMATCH


def verified(key: Any, text: bytes, signature: str) -> Verdict:
    """Whether the private half of a key made this signature (SigV4A)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key.verify(bytes.fromhex(signature), text, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return Verdict.MISMATCH
    return Verdict.ACCEPTED


def _key_id(option: str, name: str) -> str:
    if not KEY_ID.fullmatch(name):
        raise GuardConfigurationError(
            f"{option}: {name!r} is no key id that a signature can name. Use visible ASCII without `/` and `,`."
        )
    return name


def _secrets(where: str, given: str | Iterable[str]) -> Secrets:
    # An unset variable is None: it is refused like an empty one, in our own words.
    found = [given] if given is None or isinstance(given, (str, bytes)) else list(given)
    values = tuple(value.encode() if isinstance(value, str) else b"" for value in found)
    if len(values) not in (1, 2):
        raise GuardConfigurationError(f"{where}: {len(values)} secrets. Give one, or the current and the next.")
    for value in values:
        check_value(value, where)
    return values


def _loaded(name: str, pem: str) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise GuardConfigurationError("cryptography is not installed. Install wicketgate-guard[token].") from None
    try:
        key = load_pem_public_key(pem.encode())
    except (AttributeError, ValueError):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise GuardConfigurationError(f"public_keys[{name!r}]: this is no P-256 public key in PEM.")
    return key
