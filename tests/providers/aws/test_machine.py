"""Keys that AWS gives the machine itself; botocore judges the server that gives them here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.credentials
import botocore.session
import pytest
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher
from moto.server import ThreadedMotoServer

from tests.providers.aws.metadata_server import POD, ROLE, TASK, Metadata, found, raw
from tests.providers.surroundings import surroundings
from tests.providers.their_clock import TEN_MINUTES
from tests.providers.unwell import silent
from tests.support.origin import RecordingOrigin, Seen
from wicketgate.broker import aws_machine
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import Obtained, ProviderError
from wicketgate.ir.credentials.aws import AssumedRole, ContainerKeys, InstanceKeys, RoleByKeyPair
from wicketgate.ir.credentials.base import Credential, CredentialUse

KEYS = {"AccessKeyId": "ASIAMACHINE", "SecretAccessKey": "of-the-machine", "SessionToken": "for-hours"}
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


@pytest.fixture
def machine() -> Iterator[tuple[Metadata, RecordingOrigin]]:
    metadata = Metadata()
    with RecordingOrigin(reply=metadata) as server:
        yield metadata, server


def obtain(credential: Credential, platform: dict[str, str] | None = None) -> Obtained:
    async def ask() -> Obtained:
        given = surroundings(platform=platform)
        return await open_source(CredentialUse(credential, "orders.example.com"), surroundings=given)()

    return asyncio.run(ask())


def test_an_instance_gives_its_keys_within_a_session(machine: tuple[Metadata, RecordingOrigin]) -> None:
    _, server = machine
    given = obtain(InstanceKeys(endpoint=server.url))
    assert json.loads(given.value.reveal()) == KEYS
    assert given.expires_at == pytest.approx(time.time() + 6 * 3600, abs=10)
    assert [seen.method for seen in server.seen] == ["PUT", "GET", "GET"]
    theirs = InstanceMetadataFetcher(base_url=server.url, env={}, config={"ec2_metadata_v1_disabled": True})
    judged = theirs.retrieve_iam_role_credentials()
    assert (judged["access_key"], judged["secret_key"], judged["token"]) == tuple(KEYS.values())


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500])
def test_no_instance_is_asked_without_a_session(status: int) -> None:
    """An old or fooled service that gives keys to whoever asks (IMDSv1) gives none to us."""
    with RecordingOrigin(reply=lambda seen: raw(status if seen.method == "PUT" else 200, ROLE)) as server:
        with pytest.raises(ProviderError, match=str(status)):
            obtain(InstanceKeys(endpoint=server.url))
        assert len(server.seen) == 1


def test_a_service_that_repeats_the_session_is_not_quoted_with_it() -> None:
    def repeat(seen: Seen) -> bytes:
        session = seen.all("x-aws-ec2-metadata-token")
        return raw(200, "session-of-ours") if not session else raw(403, json.dumps({"message": f"not with {session}"}))

    with RecordingOrigin(reply=repeat) as server, pytest.raises(ProviderError, match="not with") as refused:
        obtain(InstanceKeys(endpoint=server.url))
    assert "session-of-ours" not in refused.value.message


def test_an_instance_without_a_role(machine: tuple[Metadata, RecordingOrigin]) -> None:
    machine[0].role = ""
    with pytest.raises(ProviderError, match="has no role") as refused:
        obtain(InstanceKeys(endpoint=machine[1].url))
    assert refused.value.final
    assert "instance profile" in refused.value.hint


def test_a_role_that_the_instance_may_not_assume(machine: tuple[Metadata, RecordingOrigin]) -> None:
    refusal = {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role gateway-role."}
    machine[0].keys = lambda: refusal
    with pytest.raises(ProviderError, match=r"AssumeRoleUnauthorizedAccess: EC2 cannot assume") as refused:
        obtain(InstanceKeys(endpoint=machine[1].url))
    assert refused.value.final


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SecretAccessKey": ""}, "lack SecretAccessKey"),
        ({"Token": None}, "lack Token"),
        ({"Expiration": None}, "lack Expiration"),
        ({"Expiration": "soon"}, "no end"),
        ({"Expiration": "2099-01-01T00:00:00"}, "time zone"),
        ({"Token": "t" * 4000}, "longer than"),
    ],
)
@pytest.mark.parametrize("place", ["instance", "container"])
def test_keys_that_are_not_whole_are_none(
    machine: tuple[Metadata, RecordingOrigin], changed: dict[str, Any], words: str, place: str
) -> None:
    metadata, server = machine
    metadata.keys = lambda: found(**changed)
    with pytest.raises(ProviderError, match=words) as refused:
        obtain(_at(server.url, place))
    assert "of-the-machine" not in refused.value.message


@pytest.mark.parametrize("skew", [TEN_MINUTES, -TEN_MINUTES])
@pytest.mark.parametrize("place", ["instance", "container"])
def test_the_end_of_keys_counts_by_the_clock_of_who_gives_them(
    machine: tuple[Metadata, RecordingOrigin], skew: float, place: str
) -> None:
    metadata, server = machine
    metadata.skew, metadata.keys = skew, lambda: found(skew=skew)
    given = obtain(_at(server.url, place))
    assert given.expires_at == pytest.approx(time.time() + 6 * 3600, abs=5)


@pytest.mark.parametrize("place", ["instance", "container"])
def test_keys_that_never_end_are_asked_for_again_after_a_year(
    machine: tuple[Metadata, RecordingOrigin], place: str
) -> None:
    metadata, server = machine
    metadata.keys = lambda: found(Expiration="9999-12-31T23:59:59Z")
    assert obtain(_at(server.url, place)).expires_at == pytest.approx(time.time() + 366 * 86_400, abs=5)


@pytest.mark.parametrize(
    ("answer", "words", "wait", "final"),
    [
        (raw(429, "", "retry-after: 8"), "status 429", 8.0, False),
        (raw(500, "<html>"), "status 500", None, False),
        (raw(503, json.dumps({"message": "busy"}), "retry-after: 3"), "busy", 3.0, False),
        (raw(200, '{"AccessKeyId": "canary'), "not a JSON object", None, False),
        (raw(200, "[]"), "not a JSON object", None, False),
        (raw(200, "{}"), "lack AccessKeyId, SecretAccessKey, Token, Expiration", None, False),
    ],
)
@pytest.mark.parametrize("place", ["instance", "container"])
def test_an_answer_that_gives_nothing(answer: bytes, words: str, wait: float | None, final: bool, place: str) -> None:
    def reply(seen: Seen) -> bytes:
        head = "session" if seen.method == "PUT" else ROLE
        return answer if seen.target.endswith((ROLE, POD)) else raw(200, head)

    with RecordingOrigin(reply=reply) as server, pytest.raises(ProviderError, match=words) as refused:
        obtain(_at(server.url, place))
    assert (refused.value.retry_after, refused.value.final) == (wait, final)
    assert "canary" not in refused.value.message


@pytest.mark.parametrize("place", ["instance", "container"])
def test_a_service_that_never_answers_is_left(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    with silent(monkeypatch) as authority, pytest.raises(ProviderError, match="no answer from") as refused:
        obtain(_at(f"http://{authority}", place))
    assert not refused.value.final


def _at(url: str, place: str) -> InstanceKeys | ContainerKeys:
    return InstanceKeys(endpoint=url) if place == "instance" else ContainerKeys(url=f"{url}{POD}")


def test_a_task_of_ecs(machine: tuple[Metadata, RecordingOrigin], monkeypatch: pytest.MonkeyPatch) -> None:
    _, server = machine
    monkeypatch.setattr(aws_machine, "_CONTAINER", server.url)
    platform = {RELATIVE: TASK, FULL: "http://127.0.0.1:9/other"}
    assert json.loads(obtain(ContainerKeys(), platform).value.reveal()) == KEYS
    assert server.last.all("authorization") == []
    _judged(server, {FULL: f"{server.url}{TASK}"})


def test_a_pod_of_eks(machine: tuple[Metadata, RecordingOrigin], tmp_path: Path) -> None:
    """Its token stands in a file that changes."""
    metadata, server = machine
    metadata.pod_token, file = "first", tmp_path / "token"
    file.write_text("first\n")
    platform = {FULL: f"{server.url}{POD}", TOKEN_FILE: str(file)}
    assert json.loads(obtain(ContainerKeys(), platform).value.reveal()) == KEYS
    metadata.pod_token = "second"
    with pytest.raises(ProviderError, match="AccessDenied: not with") as refused:
        obtain(ContainerKeys(), platform)
    assert "first" not in refused.value.message, "the server repeats the token"
    file.write_text("second")
    obtain(ContainerKeys(), platform)
    _judged(server, platform)
    file.unlink()
    with pytest.raises(ProviderError, match="cannot read the token"):
        obtain(ContainerKeys(), platform)


def test_a_token_of_the_environment(machine: tuple[Metadata, RecordingOrigin]) -> None:
    metadata, server = machine
    metadata.pod_token = "of-the-environment"
    platform = {FULL: f"{server.url}{POD}", TOKEN: metadata.pod_token}
    assert json.loads(obtain(ContainerKeys(), platform).value.reveal()) == KEYS
    with pytest.raises(ProviderError, match="AccessDenied"):
        obtain(ContainerKeys(url=f"{server.url}{POD}"), platform)
    assert server.last.all("authorization") == [], "what the policy names gets no token of the platform's"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "no task of ECS"),
        ({FULL: "http://keys.example.com/v1"}, "plain http from keys.example.com"),
        ({FULL: "http://169.254.169.254.example.com/v1"}, "plain http"),
        ({FULL: "file:///etc/passwd"}, "plain http"),
        ({FULL: "http://10.0.0.5/v1"}, r"plain http from 10\.0\.0\.5"),
        ({FULL: "http://[broken/v1"}, "plain http from nowhere"),
    ],
)
def test_an_environment_that_leads_nowhere(environment: dict[str, str], words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        obtain(ContainerKeys(), environment)


@pytest.mark.parametrize("place", ["instance", "container"])
def test_keys_of_the_machine_may_assume_a_role(machine: tuple[Metadata, RecordingOrigin], place: str) -> None:
    _, server = machine
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    url = "http://{}:{}".format(*moto.get_host_and_port())
    try:
        role = AssumedRole(
            arn="arn:aws:iam::123456789012:role/orders", session_name="wicketgate", region="eu-west-1", endpoint=url
        )
        keys = InstanceKeys(endpoint=server.url) if place == "instance" else ContainerKeys(url=f"{server.url}{POD}")
        given = json.loads(obtain(RoleByKeyPair(keys=keys, role=role)).value.reveal())
        assert given["AccessKeyId"] != KEYS["AccessKeyId"]
        assert set(given) == set(KEYS)
        theirs = json.loads(obtain(InstanceKeys(endpoint=url)).value.reveal())
        assert theirs["AccessKeyId"] == "test-key", "moto has a metadata service of its own"
    finally:
        moto.stop()


def test_a_machine_that_is_not_in_aws() -> None:
    with pytest.raises(ProviderError, match="cannot reach") as refused:
        obtain(InstanceKeys(endpoint="http://127.0.0.1:9"))
    assert "hop limit" in refused.value.hint


def _judged(server: RecordingOrigin, environment: dict[str, str]) -> None:
    fetcher = ContainerMetadataFetcher(sleep=lambda _: None)
    given = botocore.credentials.ContainerProvider(environment, fetcher).load().get_frozen_credentials()
    assert (given.access_key, given.secret_key, given.token) == tuple(KEYS.values())
