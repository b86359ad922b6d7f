"""Keys as a value of the broker: the JSON object that AWS STS calls `Credentials`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.secret_value import SecretValue

MOST_BYTES = 3900
"""Envoy reads no file of keys above 4,096 bytes, and signs on with what it had."""


def signing_keys(keys: Mapping[str, str], *, expires_at: float) -> Obtained:
    """Return the value. Raises `ProviderError` for keys that could not be used."""
    return Obtained(SecretValue(json.dumps(dict(usable(keys)))), expires_at)


def usable(keys: Mapping[str, str]) -> Mapping[str, str]:
    """Return keys that can sign, and be delivered. Raises `ProviderError` for others, without quoting them."""
    if unfit := [name for name, text in keys.items() if not _is_key(text)]:
        raise ProviderError(
            f"{', '.join(unfit)} cannot be a key: it is empty, not one line of ASCII, or has spaces at its ends",
            final=True,
        )
    if sum(len(text.encode()) for text in keys.values()) > MOST_BYTES:
        raise ProviderError(
            f"the keys are longer than {MOST_BYTES} bytes",
            hint="session tags make a session token long: take some away",
            final=True,
        )
    if _NO_ID.search(keys["AccessKeyId"]):
        raise ProviderError("AccessKeyId holds a `/`, a `,` or a space, which no signature can name", final=True)
    return keys


def _is_key(text: str) -> bool:
    # Envoy takes the spaces away at the ends, and then signs with another key.
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()


_NO_ID = re.compile(r"[/, ]")
"""`Credential=ID/date/region/service/aws4_request, SignedHeaders=…`: what would end the id in it."""
