"""Keys as a value of the broker: the JSON object that AWS STS calls `Credentials`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.secret_value import SecretValue

MOST_BYTES = 3900
"""Envoy reads no file of keys above 4,096 bytes, and signs on with what it had."""


def signing_keys(keys: Mapping[str, str], *, expires_at: float) -> Obtained:
    """Return the value. Raises `ProviderError` for keys that could not be delivered."""
    if sum(len(text.encode()) for text in keys.values()) > MOST_BYTES:
        raise ProviderError(
            f"the keys are longer than {MOST_BYTES} bytes",
            hint="session tags make a session token long: take some away",
            final=True,
        )
    if unfit := [name for name, text in keys.items() if not (text.isascii() and text.isprintable() and text.strip())]:
        raise ProviderError(f"{', '.join(unfit)} cannot be a key: it is empty, or not one line of ASCII", final=True)
    return Obtained(SecretValue(json.dumps(dict(keys))), expires_at)
