"""Keys that AWS gives the machine itself: an EC2 instance, a task of ECS, a pod of EKS.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html ,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html and
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

botocore is not asked: it falls back to a metadata service without a session, heeds proxies of the environment, and
reports keys that end soon as if they lived on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from wicketgate.broker.provider_http import Endpoint, json_object, life_until, send
from wicketgate.broker.provider_words import Reply, plaintext, printable, refusal
from wicketgate.broker.signing_keys import signing_keys
from wicketgate.broker.source import Obtained, ProviderError, Surroundings
from wicketgate.ir.credentials.aws import ContainerKeys, InstanceKeys
from wicketgate.json_types import JsonObject
from wicketgate.plain_http import is_private

_INSTANCE = "http://169.254.169.254"
_ROLES = "/latest/meta-data/iam/security-credentials/"
_SESSION_SECONDS = "60"
_CONTAINER = "http://169.254.170.2"
_NOT_HERE = "is the gateway running there? In a container on an instance the metadata service needs a hop limit of 2"


async def instance_keys(credential: InstanceKeys, surroundings: Surroundings) -> Obtained:
    """Ask the metadata service by a session (IMDSv2), never without. Raises `ProviderError`."""
    base, now = (credential.endpoint or _INSTANCE).rstrip("/"), surroundings.clock()
    session = await _session(base, surroundings)
    role = _text(await _get(f"{base}{_ROLES}", session, surroundings), "role", now=now).partition("\n")[0]
    reply = await _get(f"{base}{_ROLES}{quote(role, safe='')}", session, surroundings)
    found = json_object(reply, now=now)
    if found.get("Code", "Success") != "Success":
        raise ProviderError(printable(f"{found['Code']}: {found.get('Message', '')}"), final=True)
    return _obtained(found, reply, now=now)


async def container_keys(credential: ContainerKeys, surroundings: Surroundings) -> Obtained:
    """Ask the endpoint that the platform, or the policy, names. Raises `ProviderError`."""
    url, token = _named(credential, surroundings.platform)
    headers, now = {"authorization": token} if token else {}, surroundings.clock()
    reply = await send(Endpoint(url, surroundings.roots), "GET", b"", headers=headers)
    return _obtained(json_object(reply, now=now), reply, now=now)


async def _session(base: str, surroundings: Surroundings) -> str:
    wanted = {"x-aws-ec2-metadata-token-ttl-seconds": _SESSION_SECONDS}
    try:
        reply = await send(Endpoint(f"{base}/latest/api/token", surroundings.roots), "PUT", b"", headers=wanted)
    except ProviderError as error:
        raise ProviderError(error.message, hint=_NOT_HERE) from None
    return _text(reply, "session", now=surroundings.clock())


async def _get(url: str, session: str, surroundings: Surroundings) -> Reply:
    return await send(Endpoint(url, surroundings.roots), "GET", b"", headers={"x-aws-ec2-metadata-token": session})


def _text(reply: Reply, what: str, *, now: float) -> str:
    if reply.status == 404 and what == "role":
        raise ProviderError("the instance has no role", hint="attach an instance profile to it", final=True)
    if reply.status != 200:
        raise refusal(reply, now=now)
    text = reply.body.decode(errors="replace").strip()
    if not text.isascii() or not text.replace("\n", "").isprintable() or not text:
        raise ProviderError(f"the metadata service gives no {what}")
    return text


def _named(credential: ContainerKeys, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return where to ask and what lets us ask, which the platform may change: read each time."""
    if credential.url:
        return credential.url, _read(credential.token_file) if credential.token_file else ""
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
    url = f"{_CONTAINER}{relative}" if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    if not url:
        raise ProviderError(
            "this is no task of ECS and no pod of EKS with a role",
            hint="AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI is not set: give the task or the pod a role",
            final=True,
        )
    if not is_private(url):
        raise plaintext(url)
    file = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "")
    return url, _read(file) if file else environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise ProviderError(f"cannot read the token in {file}", hint="the platform mounts it: see the pod") from None


def _obtained(found: JsonObject, reply: Reply, *, now: float) -> Obtained:
    texts = {name: text for name, text in found.items() if isinstance(text, str) and text}
    missing = [name for name in ("AccessKeyId", "SecretAccessKey", "Token", "Expiration") if name not in texts]
    if missing:
        raise ProviderError(f"the machine's keys lack {', '.join(missing)}")
    try:
        ends = datetime.fromisoformat(texts["Expiration"])
    except ValueError:
        raise ProviderError("the machine's keys have no end that could be read") from None
    if ends.tzinfo is None:
        raise ProviderError("the machine's keys have an end without a time zone")
    keys = {"AccessKeyId": texts["AccessKeyId"], "SecretAccessKey": texts["SecretAccessKey"]}
    expires_at = now + life_until(ends.timestamp(), reply, now=now)
    return signing_keys({**keys, "SessionToken": texts["Token"]}, expires_at=expires_at)
