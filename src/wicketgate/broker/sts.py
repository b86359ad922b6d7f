"""AWS STS through botocore, which reads no profile, no environment and no metadata server for it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from wicketgate.broker.signing_keys import signing_keys
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.ir.credentials.aws import AssumedRole

_SECONDS = 10
_MOST_WORDS = 300
_BUSY = (
    "IDPCommunicationError",
    "InternalFailure",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
)
_OUT_OF_TIME = re.compile("RequestExpired|ExpiredToken|Signature expired|not yet current")


async def assume(
    role: AssumedRole,
    operation: str,
    parameters: Mapping[str, Any],
    *,
    keys: Mapping[str, str] | None,
    surroundings: Surroundings,
) -> Obtained:
    """Ask STS for a role, signed with `keys`, or unsigned where the request proves itself.

    Raises `ProviderError` with STS's own code and message.
    """
    return await surroundings.in_thread(_assume, role, operation, dict(parameters), keys, surroundings.roots)


def _assume(
    role: AssumedRole, operation: str, parameters: dict[str, Any], keys: Mapping[str, str] | None, roots: Path
) -> Obtained:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    wanted = {"RoleArn": role.arn, "RoleSessionName": role.session_name, "DurationSeconds": role.life, **parameters}
    try:
        answer = getattr(_client(role, keys, roots), operation)(**wanted)
    except ClientError as error:
        raise _refusal(error.response) from None
    except (BotoCoreError, ValueError) as error:
        raise ProviderError(f"cannot ask STS: {type(error).__name__}: {_words(str(error))}") from None
    except (ResponseParserError, LookupError):
        raise ProviderError("what answered is not STS", hint="look at `stsEndpoint`") from None
    return _obtained(answer.get("Credentials") or {})


def _client(role: AssumedRole, keys: Mapping[str, str] | None, roots: Path) -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        region_name=role.region,
        signature_version=None if keys else UNSIGNED,
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"total_max_attempts": 1},
        proxies={},
        # The variables that name another endpoint are not read through the session.
        ignore_configured_endpoint_urls=True,
    )
    signing = keys or {}
    with _ONE_AT_A_TIME:
        return _session().create_client(
            "sts",
            config=config,
            endpoint_url=role.endpoint or None,
            verify=str(roots),
            aws_access_key_id=signing.get("AccessKeyId"),
            aws_secret_access_key=signing.get("SecretAccessKey"),
            aws_session_token=signing.get("SessionToken"),
        )


_ONE_AT_A_TIME = threading.Lock()
"""Clients are good for any thread, the making of one is not
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html)."""


@cache
def _session() -> Any:
    """Return what knows the services, which is 8 MB: no variable, no profile and no file of the user's counts in it."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.loaders import Loader
    from botocore.session import Session

    defaults = BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
    variables = {name: (None, None, default, convert) for name, (_, _, default, convert) in defaults}
    no_file = (None, None, None, None)
    session = Session(session_vars={**variables, "config_file": no_file, "credentials_file": no_file})
    models = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", models)
    return session


def _obtained(found: Mapping[str, Any]) -> Obtained:
    missing = [name for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration") if not found.get(name)]
    if missing:
        raise ProviderError(f"the answer of STS lacks {', '.join(missing)}")
    keys = {name: found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    return signing_keys(keys, expires_at=found["Expiration"].timestamp())


def _refusal(response: Mapping[str, Any]) -> ProviderError:
    error, status = response.get("Error", {}), response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = str(error.get("Code", "")) or f"status {status}"
    final = 400 <= status < 500 and code not in _BUSY
    words = f"{code}: {_words(str(error.get('Message', '')))}"
    return ProviderError(words, hint=_SET_CLOCK if _OUT_OF_TIME.search(words) else "", final=final)


_SET_CLOCK = "set the clock of this machine by NTP; if the keys have a session token, it may have ended"


def _words(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)[:_MOST_WORDS]
