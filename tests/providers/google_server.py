"""Google's token endpoints as its public pages describe them: every field checked, refusals as documented.

Sources: https://developers.google.com/identity/protocols/oauth2/service-account ,
https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token ,
https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.providers.surroundings import ISSUER, Issuer
from tests.providers.their_clock import UNTIMED, dated, in_time
from tests.support.origin import RecordingOrigin, Seen

EMAIL = "orders@shop.iam.gserviceaccount.com"
PROVIDER = "projects/123456/locations/global/workloadIdentityPools/gateways/providers/wicketgate"
SUBJECT = "wicket:berlin:orders.example.com"
CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:"
_SKEW = 300
_WINDOW = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp"
    " values in the JWT claim."
)

Answer = tuple[int, dict[str, Any]]


def _new_pair() -> tuple[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode(), key.public_key()


_PRIVATE, _PUBLIC = _new_pair()
_GOOGLE_PRIVATE, GOOGLE_KEY = _new_pair()


@dataclass
class Google:
    """`trouble` answers in place of everything, `second` in place of the second of two; `trusted` says whether the pool
    still trusts the gateway, and `subject` whom; its clock is `skew` seconds ahead of ours."""

    issuer: Issuer
    trouble: Callable[[], bytes] | None = None
    second: Callable[[], bytes] | None = None
    trusted: bool = True
    subject: str = SUBJECT
    skew: float = 0.0
    key_revoked: bool = False
    allowed_audience: str = f"https://iam.googleapis.com/{PROVIDER}"
    server: RecordingOrigin = field(default_factory=RecordingOrigin)
    access: set[str] = field(default_factory=set)

    @property
    def url(self) -> str:
        return self.server.url

    def account(self) -> str:
        """Return the key file of the service account."""
        found = {
            "type": "service_account",
            "project_id": "shop",
            "private_key_id": "k1",
            "private_key": _PRIVATE,
            "client_email": EMAIL,
            "token_uri": "https://attacker.example.com/token",
        }
        return json.dumps(found)

    def reply(self, seen: Seen) -> bytes:
        if self.trouble is not None:
            return self.trouble()
        path = seen.target.partition("?")[0]
        if path == "/token":
            return answer(*self._token(seen), dated(self.skew))
        if path == "/v1/token":
            return answer(*self._exchange(seen), dated(self.skew))
        return self.second() if self.second is not None else answer(*self._id_token(seen, path), dated(self.skew))

    def _token(self, seen: Seen) -> Answer:
        form = dict(parse_qsl(seen.body.decode()))
        if form.get("grant_type") != _JWT_GRANT:
            return 400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"}
        if self.key_revoked:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        try:
            claims = jwt.decode(
                form["assertion"], _PUBLIC, algorithms=["RS256"], audience="https://oauth2.googleapis.com/token",
                issuer=EMAIL, options={**UNTIMED, "require": ["iat", "exp", "iss", "aud"]},
            )  # fmt: skip
        except jwt.InvalidSignatureError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
        except jwt.InvalidAudienceError:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT: Failed audience check."}
        except (jwt.PyJWTError, KeyError):
            return 400, {"error": "invalid_request", "error_description": "Bad Request"}
        if claims["exp"] - claims["iat"] > 3600 or not in_time(claims, skew=self.skew, leeway=_SKEW):
            return 400, {"error": "invalid_grant", "error_description": _WINDOW}
        if "target_audience" in claims:
            return 200, {"id_token": self.id_token(claims["target_audience"])}
        if not claims.get("scope"):
            text = "Invalid OAuth scope or ID token audience provided."
            return 400, {"error": "invalid_scope", "error_description": text}
        return 200, {"access_token": self._new_access(), "expires_in": 3599, "token_type": "Bearer"}

    def _exchange(self, seen: Seen) -> Answer:
        form = dict(parse_qsl(seen.body.decode()))
        wanted = {
            "grant_type": _EXCHANGE,
            "audience": f"//iam.googleapis.com/{PROVIDER}",
            "requested_token_type": f"{_TOKEN_TYPE}access_token",
            "subject_token_type": f"{_TOKEN_TYPE}jwt",
            "scope": CLOUD,
        }
        for name, value in wanted.items():
            if form.get(name) != value:
                return 400, {"error": "invalid_request", "error_description": f"Invalid value for {name}."}
        try:
            claims = jwt.decode(
                form["subject_token"],
                jwt.PyJWK(self.issuer.key.public | {"alg": self.issuer.key.algorithm.value}),
                algorithms=["RS256", "ES256"],
                audience=self.allowed_audience,
                issuer=ISSUER,
                options=UNTIMED,
            )
        except jwt.InvalidAudienceError:
            text = "The audience in ID Token [x] does not match the expected audience."
            return 400, {"error": "invalid_grant", "error_description": text}
        except jwt.InvalidIssuerError:
            text = "The issuer in ID Token [x] does not match the expected ones."
            return 400, {"error": "invalid_grant", "error_description": text}
        except jwt.PyJWTError:
            text = "Unable to verify the ID Token signature."
            return 400, {"error": "invalid_grant", "error_description": text}
        if not in_time(claims, skew=self.skew, leeway=_SKEW):
            text = f"ID Token issued at {claims['iat']} is stale to sign-in."
            return 400, {"error": "invalid_grant", "error_description": text}
        if not self.trusted or claims["sub"] != self.subject or claims["installation"] != "berlin":
            text = "The given credential is rejected by the attribute condition."
            return 403, {"error": "unauthorized_client", "error_description": text}
        token = {"access_token": self._new_access(), "issued_token_type": f"{_TOKEN_TYPE}access_token"}
        return 200, {**token, "token_type": "Bearer", "expires_in": 3600}

    def _id_token(self, seen: Seen, path: str) -> Answer:
        if path != f"/v1/projects/-/serviceAccounts/{EMAIL}:generateIdToken":
            return 404, {"error": {"code": 404, "message": "Not found", "status": "NOT_FOUND"}}
        if seen.one("authorization").removeprefix("Bearer ") not in self.access:
            return 401, {"error": {"code": 401, "message": "Bad credentials", "status": "UNAUTHENTICATED"}}
        if not self.trusted:
            text = "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist)."
            return 403, {"error": {"code": 403, "message": text, "status": "PERMISSION_DENIED"}}
        asked = json.loads(seen.body)
        if set(asked) - {"audience", "includeEmail", "delegates"} or not asked.get("audience"):
            return 400, {"error": {"code": 400, "message": "Invalid argument", "status": "INVALID_ARGUMENT"}}
        return 200, {"token": self.id_token(asked["audience"])}

    def _new_access(self) -> str:
        token = f"ya29.{secrets.token_urlsafe(16)}"
        self.access.add(token)
        return token

    def id_token(self, audience: str) -> str:
        now = int(time.time() + self.skew)
        claims = {"iss": "https://accounts.google.com", "aud": audience, "email": EMAIL, "iat": now, "exp": now + 3600}
        return jwt.encode(claims, _GOOGLE_PRIVATE, algorithm="RS256")


@contextmanager
def google(issuer: Issuer | None = None) -> Iterator[Google]:
    """Run the endpoints."""
    found = Google(issuer or Issuer())
    found.server.reply = found.reply
    with found.server:
        yield found


def answer(status: int, found: object, *headers: str) -> bytes:
    """Return a JSON answer."""
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    lines = [f"HTTP/1.1 {status} X", "content-type: application/json", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body
