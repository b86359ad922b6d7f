"""What AWS and its libraries have published about signatures, against the guard of signed requests."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from wicketgate_guard import SignatureGuard, Verdict
from wicketgate_guard._authorization import Claim, claimed
from wicketgate_guard._canonical import SignedRequest, canonical_request, string_to_sign
from wicketgate_guard.sigv4a_public_key import private_key, public_key

KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
DATE = "20150830T123600Z"
CASES = sorted(Path(__file__).with_name("vectors").joinpath("aws4_testsuite").rglob("*.sreq"))
NORMALIZED = {
    "get-relative",
    "get-relative-relative",
    "get-slash",
    "get-slash-dot-slash",
    "get-slash-pointless-dot",
    "get-slashes",
}
"""Signed over another path than the one that is asked for. The guard refuses them on purpose: an application takes
`/a/../b` or `//b` as it likes, and what it takes must be what was signed. The gateway normalises before it signs."""


def test_all_of_them_are_here() -> None:
    assert len(CASES) == 34
    assert {case.stem for case in CASES} >= NORMALIZED


def _parsed(text: bytes) -> SignedRequest:
    """Read a request as a server does: a line that begins with white space goes on with the one before (RFC 9112)."""
    head, _, body = text.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, rest = first.partition(b" ")
    fields: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line.startswith(b" "):
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line.strip())
        else:
            name, _, value = line.partition(b":")
            fields.append((name.lower(), value.strip()))
    return SignedRequest(method.decode(), rest.rpartition(b" ")[0], fields, body)


def _read(case: Path) -> SignedRequest:
    """Take the signature of the `.authz`: the `.sreq` of `get-vanilla-with-session-token` holds another case's."""
    request = _parsed(case.read_bytes())
    fields = [field for field in request.headers if field[0] != b"authorization"]
    return replace(request, headers=[*fields, (b"authorization", case.with_suffix(".authz").read_bytes())])


def _claim(request: SignedRequest) -> Claim:
    claim = claimed(request)
    assert isinstance(claim, Claim)
    return claim


def _texts(request: SignedRequest, claim: Claim) -> tuple[str, bytes]:
    canonical = canonical_request(request, claim.signed, hashlib.sha256(request.body).hexdigest())
    return canonical, string_to_sign(claim.algorithm, DATE, claim.scope, canonical)


def _guard(**options: Any) -> SignatureGuard:
    now = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()
    return SignatureGuard(secrets={KEY_ID: SECRET}, clock=lambda: now, **options)


@pytest.mark.parametrize("case", [case for case in CASES if case.stem not in NORMALIZED], ids=attrgetter("stem"))
def test_what_aws_publishes_is_what_the_guard_reckons(case: Path) -> None:
    request = _read(case)
    claim = _claim(request)
    canonical, text = _texts(request, claim)
    assert canonical.encode("latin-1") == case.with_suffix(".creq").read_bytes()
    assert text == case.with_suffix(".sts").read_bytes()
    guard = _guard(service="service", region="us-east-1")
    assert guard._verified(request, claim, text) is Verdict.ACCEPTED
    assert guard._verified(request, claim, text + b"x") is Verdict.MISMATCH


@pytest.mark.parametrize("case", [case for case in CASES if case.stem in NORMALIZED], ids=attrgetter("stem"))
def test_a_path_counts_as_it_is_asked_for(case: Path) -> None:
    request = _read(case)
    claim = _claim(request)
    guard = _guard(service="service", region="us-east-1")
    assert guard._verified(request, claim, _texts(request, claim)[1]) is Verdict.MISMATCH
    published = case.with_suffix(".sts").read_bytes()
    assert guard._verified(request, claim, published) is Verdict.ACCEPTED, "only the path is another"


@pytest.mark.parametrize("case", CASES, ids=attrgetter("stem"))
def test_a_signature_over_less_than_all_of_it_lets_nothing_in(case: Path) -> None:
    """Those of the suite cover neither the hash of the body nor an id of the request."""
    assert _guard(service="service", region="us-east-1").check(_read(case)) is Verdict.MISMATCH


def test_the_key_pair_of_sigv4a_is_that_of_aws() -> None:
    """`credential_derivation` of aws-c-auth's tests of SigV4A."""
    key = private_key("AKISORANDOMAASORANDOM", "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom")
    number = key.private_numbers().private_value
    assert f"{number:x}" == "7fd3bd010c0d9c292141c2b77bfbde1042c92e6836fff749d1269ec890fca1bd"


_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_the_twin_of_a_signature_is_a_replay() -> None:
    """With ECDSA (r, s) and (r, n - s) are both right: what counts once is the request, not the signature."""
    names = ("host", "x-amz-content-sha256", "x-amz-date", "x-amz-region-set", "x-request-id")
    values = ("orders.internal", hashlib.sha256(b"").hexdigest(), DATE, "origin", "1")
    fields = [(name.encode(), value.encode()) for name, value in zip(names, values, strict=True)]
    scope = "20150830/wicketgate/aws4_request"
    claim = Claim("AWS4-ECDSA-P256-SHA256", KEY_ID, scope, names, "")
    text = _texts(SignedRequest("GET", b"/orders", fields), claim)[1]
    r, s = decode_dss_signature(private_key(KEY_ID, SECRET).sign(text, ec.ECDSA(hashes.SHA256())))
    guard = _guard(public_keys={KEY_ID: public_key(KEY_ID, SECRET)})
    verdicts = []
    for twin in (s, _ORDER - s):
        signature = encode_dss_signature(r, twin).hex()
        proof = f"{claim.algorithm} Credential={KEY_ID}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
        verdicts.append(guard.check(SignedRequest("GET", b"/orders", [*fields, (b"authorization", proof.encode())])))
    assert verdicts == [Verdict.ACCEPTED, Verdict.REPLAYED]
