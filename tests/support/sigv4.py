"""Signatures of AWS computed by botocore (SigV4) and verified by cryptography (SigV4A), from what an origin saw.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, unquote, unquote_plus

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.origin import Seen

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Key:
    """A key and what it signs for."""

    key_id: str = "AKIDEXAMPLE"
    secret: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    service: str = "wicketgate"
    region: str = "origin"


def signed_headers(seen: Seen) -> list[str]:
    return seen.one("authorization").partition("SignedHeaders=")[2].partition(",")[0].split(";")


def expected(seen: Seen, key: Key) -> str:
    """Return the `Authorization` that botocore would have sent with the headers that Envoy signed."""
    signer, request = _signer(key), _request(seen, key)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    scope = f"{key.key_id}/{seen.one('x-amz-date')[:8]}/{key.region}/{key.service}/aws4_request"
    names, signature = ";".join(signed_headers(seen)), signer.signature(text, request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def verify_asymmetric(seen: Seen, key: Key) -> None:
    """Verify SigV4A by the public key alone. Raises `InvalidSignature`."""
    date = seen.one("x-amz-date")
    scope = f"{date[:8]}/{key.service}/aws4_request"
    authorization = seen.one("authorization")
    assert authorization.startswith(f"AWS4-ECDSA-P256-SHA256 Credential={key.key_id}/{scope}, ")
    digest = hashlib.sha256(_signer(key).canonical_request(_request(seen, key)).encode()).hexdigest()
    text = f"AWS4-ECDSA-P256-SHA256\n{date}\n{scope}\n{digest}".encode()
    signature = bytes.fromhex(authorization.partition("Signature=")[2])
    public_key(key).verify(signature, text, ec.ECDSA(hashes.SHA256()))


def public_key(key: Key) -> ec.EllipticCurvePublicKey:
    """Derive it: NIST SP 800-108 in counter mode, until the number is below the order of the curve."""
    for counter in range(1, 255):
        label = b"AWS4-ECDSA-P256-SHA256\0" + key.key_id.encode() + bytes([counter])
        message = (1).to_bytes(4, "big") + label + (256).to_bytes(4, "big")
        number = int.from_bytes(hmac.digest(b"AWS4A" + key.secret.encode(), message, "sha256"), "big")
        if number <= _P256_ORDER - 2:
            return ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
    raise AssertionError("no key")


def _signer(key: Key) -> SigV4Auth:
    credentials = Credentials(key.key_id, key.secret)
    kind = S3SigV4Auth if key.service == "s3" else SigV4Auth
    return kind(credentials, key.service, key.region)


def _request(seen: Seen, key: Key) -> AWSRequest:
    headers = {name: ",".join(seen.all(name)) for name in signed_headers(seen)}
    path, question, query = seen.target.partition("?")
    # S3 decodes a path and encodes it once; botocore takes for granted that its caller has done so.
    path = quote(unquote(path), safe="/-_.~") if key.service == "s3" else path
    request = AWSRequest(
        seen.method, f"http://{seen.one('host')}{path}{question}{_normalised(query)}", headers=headers, data=seen.body
    )
    request.context["timestamp"] = seen.one("x-amz-date")
    return request


def _normalised(query: str) -> str:
    """Every name and value decoded and encoded anew, as signer and verifier of AWS do: a plus is a space."""
    pairs = (field.partition("=") for field in query.split("&") if field)
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote_plus(text), safe="-_.~")
