"""Which steps are the route's and which are the origin's."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import pytest

from wicketgate.ir.credentials.aws import AssumedRole, RoleByGatewayToken
from wicketgate.ir.credentials.base import Credential, CredentialUse
from wicketgate.ir.origin import (
    Endpoint,
    HeaderProof,
    NameKind,
    Origin,
    PeerName,
    SignatureProof,
    Signing,
    SystemRoots,
    TokenProof,
    VerifiedTLS,
)
from wicketgate.ir.secrets import BrokeredToken, TextSecret, VariableRef
from wicketgate.ir.steps import (
    ClearHeaders,
    InboundStep,
    RemoveHeader,
    RemoveQuery,
    SecretHeader,
    SecretQuery,
    SendToken,
    SetHeader,
    SetQuery,
    SignRequest,
)
from wicketgate.lower.proofs import is_host, split_proofs

SECRET = TextSecret((VariableRef("A"),))
HEADER, QUERY = SecretHeader("x-a", SECRET), SecretQuery("k", SECRET)
HOST = "api.example.com:8443"
LINK = VerifiedTLS(SystemRoots(), PeerName(NameKind.DNS, "api.example.com"), "api.example.com")
ORIGIN = Origin("o", HOST, (Endpoint("api.example.com", 8443),), LINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound(Credential):
    kind: ClassVar[str] = "bound"

    origin: str = ""

    def bound(self, origin: str, /) -> Bound:
        return Bound(renewal=self.renewal, origin=origin)


USE = CredentialUse(Bound(origin=f"https://{HOST}"), HOST)
TOKEN = SendToken("authorization", "Bearer ", Bound())
SIGNED = SignRequest(Bound(), Signing("execute-api", "eu-west-1"))


@pytest.mark.parametrize(
    ("step", "undone"),
    [
        (SetHeader("x-a", "v"), ["x-a"]),
        (RemoveHeader("x-a"), ["x-a"]),
        (ClearHeaders(), ["x-a"]),
        (SetQuery("k", "v"), ["k"]),
        (RemoveQuery("k"), ["k"]),
        (SetHeader("x-a", "v", overwrite=False), []),
        (SetQuery("k", "v", overwrite=False), []),
        (ClearHeaders(keep=("x-a",)), []),
        (RemoveHeader("x-b"), []),
    ],
)
def test_a_later_step_may_undo_a_secret(step: InboundStep, undone: list[str]) -> None:
    split = split_proofs([HEADER, QUERY, step])
    assert split.undone == undone
    assert len(split.proofs(ORIGIN)) == 2 - len(undone)
    assert split.filters == [step]


def test_an_earlier_step_undoes_nothing() -> None:
    split = split_proofs([ClearHeaders(), RemoveQuery("k"), HEADER, QUERY])
    assert (split.undone, len(split.proofs(ORIGIN))) == ([], 2)


def test_the_last_secret_of_a_name_counts() -> None:
    other = TextSecret(("fixed ", VariableRef("B")))
    (proof,) = split_proofs([HEADER, SecretHeader("x-a", other)]).proofs(ORIGIN)
    assert proof == HeaderProof("x-a", other)


def test_a_credential_is_bound_to_the_origin_of_the_route() -> None:
    assert split_proofs([TOKEN]).proofs(ORIGIN) == (TokenProof("authorization", BrokeredToken(USE)),)


def test_a_signature_covers_the_other_proofs_and_stands_alone_in_its_header() -> None:
    proofs = split_proofs([TOKEN, SIGNED, HEADER, QUERY]).proofs(ORIGIN)
    assert [type(proof).__name__ for proof in proofs] == ["HeaderProof", "QueryProof", "SignatureProof"]
    assert proofs[-1] == SignatureProof(USE, SIGNED.signing)


@pytest.mark.parametrize(
    ("written", "host", "told"),
    [
        (Signing("", ""), "abc.execute-api.eu-west-1.amazonaws.com", Signing("execute-api", "eu-west-1")),
        (Signing("", "us-east-1"), "abc.lambda-url.eu-west-1.on.aws", Signing("lambda", "us-east-1")),
        (Signing("ses", ""), "email.eu-west-1.amazonaws.com", Signing("ses", "eu-west-1")),
        (Signing("s3", "eu-west-1"), "api.example.com", Signing("s3", "eu-west-1")),
    ],
)
def test_what_a_signature_does_not_say_the_host_tells(written: Signing, host: str, told: Signing) -> None:
    role = AssumedRole(arn="arn:aws:iam::123456789012:role/r", session_name="s", region=written.region)
    credential = RoleByGatewayToken(role=role)
    origin = dataclasses.replace(ORIGIN, authority=host)
    (proof,) = split_proofs([SignRequest(credential, written)]).proofs(origin)
    bound = dataclasses.replace(credential, role=dataclasses.replace(role, region=told.region))
    assert proof == SignatureProof(CredentialUse(bound, host), told)


@pytest.mark.parametrize("later", [RemoveHeader("authorization"), ClearHeaders(), SetHeader("authorization", "v")])
@pytest.mark.parametrize("step", [TOKEN, SIGNED])
def test_a_later_step_may_undo_a_credential(step: InboundStep, later: InboundStep) -> None:
    split = split_proofs([step, later])
    assert (split.proofs(ORIGIN), split.undone) == ((), ["authorization"])


@pytest.mark.parametrize(
    ("authority", "allowed", "is_one"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com:8443", "api.example.com", True),
        ("api.example.com:8443", "api.example.com:8443", True),
        ("api.example.com", "api.example.com:8443", False),
        ("api.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("api.example.com.evil.org", "*.example.com", False),
        ("evilexample.com", "*.example.com", False),
        ("[::1]:8443", "[::1]", True),
        ("[::1]", "[::1]:8443", False),
        ("127.0.0.1:80", "127.0.0.2", False),
        ("api.example.com", "api.example.com:443", True),
        ("api.example.com", "api.example.com:80", False),
    ],
)
def test_which_hosts_a_credential_may_be_sent_to(authority: str, allowed: str, *, is_one: bool) -> None:
    assert is_host(f"https://{authority}", allowed) is is_one


def test_a_host_without_a_port_has_that_of_its_scheme() -> None:
    assert is_host("http://api.example.com", "api.example.com:80")
    assert not is_host("http://api.example.com", "api.example.com:443")
