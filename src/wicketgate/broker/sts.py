"""AWS STS through botocore, which reads no profile, no environment and no metadata server for it, and sends nothing:
its requests go out like all others to providers, bounded and over verified TLS.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from wicketgate.broker.aws_library import Sender
from wicketgate.broker.provider_http import life_until
from wicketgate.broker.provider_words import Reply, refused
from wicketgate.broker.signing_keys import signing_keys
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.ir.credentials.aws import AssumedRole

_TOO_MANY = 429
_PASSING = frozenset(
    {
        "IDPCommunicationError",
        "InternalFailure",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""Errors that end by themselves, whatever status they come with
(https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and what AWS's own libraries try again)."""
_OUT_OF_TIME = re.compile("RequestExpired|ExpiredToken|Signature expired|not yet current")
_SET_CLOCK = "set the clock of this machine by NTP; if the keys have a session token, it may have ended"
_NOT_STS = "is it STS that answers there? Look at `stsEndpoint`"


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
    now, sender = surroundings.clock(), Sender(asyncio.get_running_loop(), surroundings)
    wanted = {"RoleArn": role.arn, "RoleSessionName": role.session_name, "DurationSeconds": role.life, **parameters}
    found = await surroundings.in_thread(_ask, role, operation, wanted, keys, sender, now)
    return _obtained(found, sender.reply, role.life, now=now)


def _ask(
    role: AssumedRole,
    operation: str,
    wanted: dict[str, Any],
    keys: Mapping[str, str] | None,
    sender: Sender,
    now: float,
) -> Mapping[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        found: Mapping[str, Any] = getattr(_client(role, keys, sender), operation)(**wanted)
    except ClientError as error:
        raise _refusal(error.response.get("Error", {}), sender.reply, now=now) from None
    except (ResponseParserError, LookupError):
        raise _no_sts(sender.reply, now=now) from None
    # Its words may quote what it was given.
    except (BotoCoreError, RuntimeError, ValueError) as error:
        what = "the answer of STS cannot be used" if sender.reply.status else "cannot ask STS"
        raise ProviderError(f"{what}: {type(error).__name__}") from None
    return found.get("Credentials") or {}


def _client(role: AssumedRole, keys: Mapping[str, str] | None, sender: Callable[..., Any]) -> Any:
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        region_name=role.region,
        signature_version=None if keys else UNSIGNED,
        retries={"total_max_attempts": 1},
        proxies={},
        # The variables that name another endpoint are not read through the session.
        ignore_configured_endpoint_urls=True,
    )
    signing = keys or {}
    with _ONE_AT_A_TIME:
        client = _session().create_client(
            "sts",
            config=config,
            endpoint_url=role.endpoint or None,
            verify=True,
            aws_access_key_id=signing.get("AccessKeyId"),
            aws_secret_access_key=signing.get("SecretAccessKey"),
            aws_session_token=signing.get("SessionToken"),
        )
    client.meta.events.register("before-send.sts", sender)
    return client


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


def _obtained(found: Mapping[str, Any], reply: Reply, life: float, *, now: float) -> Obtained:
    missing = [name for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration") if not found.get(name)]
    if missing:
        raise ProviderError(f"the answer of STS lacks {', '.join(missing)}")
    keys = {name: found[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")}
    # Never longer than was asked for, which a clock that is behind, and an answer without a `Date`, would make of it.
    lives = min(float(life), life_until(found["Expiration"].timestamp(), reply, now=now))
    return signing_keys(keys, expires_at=now + lives)


def _refusal(error: Mapping[str, Any], reply: Reply, *, now: float) -> ProviderError:
    code, said = str(error.get("Code", "")), [str(error[part]) for part in ("Code", "Message") if error.get(part)]
    final = 400 <= reply.status < 500 and reply.status != _TOO_MANY and code not in _PASSING
    told = refused(reply, ": ".join(said), now=now, final=final)
    late = _SET_CLOCK if _OUT_OF_TIME.search(told.message) else ""
    hint = told.hint or late or ("" if said else _NOT_STS)
    return ProviderError(told.message, hint=hint, retry_after=told.retry_after, final=final)


def _no_sts(reply: Reply, *, now: float) -> ProviderError:
    """Return what is to be said of an answer that is not STS's XML: of a proxy, or of a service that is down."""
    if 200 <= reply.status < 300:
        return ProviderError("what answered is not STS", hint=_NOT_STS)
    return _refusal({}, reply, now=now)
