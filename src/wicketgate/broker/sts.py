"""AWS STS through botocore, which reads no profile, no environment and no metadata server for it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.ir.credentials.aws import AssumedRole
from wicketgate.secret_value import SecretValue

_SECONDS = 10
_MOST_WORDS = 300
_BUSY = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure")


async def assume(
    role: AssumedRole, operation: str, parameters: Mapping[str, Any], *, keys: Mapping[str, str] | None, roots: Path
) -> Obtained:
    """Ask STS for a role, signed with `keys`, or unsigned where the request proves itself.

    Raises `ProviderError` with STS's own code and message.
    """
    return await asyncio.to_thread(_assume, role, operation, dict(parameters), keys, roots)


def _assume(
    role: AssumedRole, operation: str, parameters: dict[str, Any], keys: Mapping[str, str] | None, roots: Path
) -> Obtained:
    from botocore.exceptions import BotoCoreError, ClientError

    wanted = {"RoleArn": role.arn, "RoleSessionName": role.session_name, "DurationSeconds": role.life, **parameters}
    try:
        answer = getattr(_client(role, keys, roots), operation)(**wanted)
    except ClientError as error:
        raise _refusal(error.response) from None
    except (BotoCoreError, ValueError) as error:
        raise ProviderError(f"cannot ask STS: {type(error).__name__}: {_words(str(error))}") from None
    return _obtained(answer.get("Credentials") or {})


def _client(role: AssumedRole, keys: Mapping[str, str] | None, roots: Path) -> Any:
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config

    session = botocore.session.Session(session_vars=_NOTHING_FROM_OUTSIDE)
    config = Config(
        region_name=role.region,
        signature_version=None if keys else UNSIGNED,
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"total_max_attempts": 1},
        proxies={},
    )
    signing = keys or {}
    return session.create_client(
        "sts",
        config=config,
        endpoint_url=role.endpoint or None,
        verify=str(roots),
        aws_access_key_id=signing.get("AccessKeyId"),
        aws_secret_access_key=signing.get("SecretAccessKey"),
        aws_session_token=signing.get("SessionToken"),
    )


_NOTHING_FROM_OUTSIDE: dict[str, tuple[None, None, None, None]] = dict.fromkeys(
    ("profile", "config_file", "credentials_file", "ca_bundle"), (None, None, None, None)
)


def _obtained(found: Mapping[str, Any]) -> Obtained:
    missing = [name for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration") if not found.get(name)]
    if missing:
        raise ProviderError(f"the answer of STS lacks {', '.join(missing)}")
    keys = {name: found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    return Obtained(SecretValue(json.dumps(keys)), found["Expiration"].timestamp())


def _refusal(response: Mapping[str, Any]) -> ProviderError:
    error, status = response.get("Error", {}), response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.get("Code", "")) or f"status {status}"
    final = 400 <= status < 500 and code not in _BUSY
    return ProviderError(f"{code}: {_words(str(error.get('Message', '')))}", final=final)


def _words(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_WORDS]
