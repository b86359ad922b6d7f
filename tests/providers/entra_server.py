"""Microsoft's login service as its public pages describe it: every field checked, errors with their codes.

Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography import x509

from tests.providers.google_server import answer
from tests.providers.surroundings import ISSUER, Issuer
from tests.providers.their_clock import UNTIMED, dated, in_time
from tests.support.certificates import Authority
from tests.support.origin import RecordingOrigin, Seen

TENANT, CLIENT = "11111111-aaaa-bbbb-cccc-222222222222", "33333333-aaaa-bbbb-cccc-444444444444"
SECRET = "canary~of.the-app_secret"
SCOPE = "api://orders/.default"
SUBJECT = "wicket:berlin:orders.example.com"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

Answer = tuple[int, dict[str, Any]]


@dataclass
class Entra:
    """`trouble` answers in place of the token endpoint, `lost` in place of the discovery document; `trusts` is the
    audience of the federated credential, and `subject` its subject."""

    issuer: Issuer
    roots: Path
    certificate: x509.Certificate | None = None
    trouble: Callable[[], bytes] | None = None
    lost: Callable[[], bytes] | None = None
    trusts: str = "api://AzureADTokenExchange"
    subject: str = SUBJECT
    secret_expired: bool = False
    skew: float = 0.0
    server: RecordingOrigin = field(default_factory=RecordingOrigin)
    issued: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.server.port}"

    def reply(self, seen: Seen) -> bytes:
        path = seen.target.partition("?")[0]
        if self.lost is not None and "openid-configuration" in path:
            return self.lost()
        if path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            base = f"{self.url}/{TENANT}"
            return answer(
                200,
                {
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "issuer": f"{base}/v2.0",
                },
            )
        if path != f"/{TENANT}/oauth2/v2.0/token":
            return answer(400, _error("invalid_request", 90002, "Tenant not found."))
        if self.trouble is not None:
            return self.trouble()
        return answer(*self._token(dict(parse_qsl(seen.body.decode()))), dated(self.skew))

    def _token(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != "client_credentials":
            return 400, _error("unsupported_grant_type", 70003, "The app returned an unsupported grant type.")
        if form.get("client_id") != CLIENT:
            return 400, _error("unauthorized_client", 700016, "Application was not found in the directory.")
        if form.get("scope") not in (SCOPE, f"{CLIENT}/.default"):
            return 400, _error("invalid_scope", 1002012, "The provided value for scope is not valid.")
        refused = self._proven(form)
        if refused is not None:
            return 401, refused
        token = f"entra-{secrets.token_urlsafe(12)}"
        self.issued.append(token)
        return 200, {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}

    def _proven(self, form: dict[str, str]) -> dict[str, Any] | None:
        if "client_assertion" not in form:
            if form.get("client_secret") == SECRET and self.secret_expired:
                return _error(
                    "invalid_client", 7000222, f"The provided client secret keys for app '{CLIENT}' are expired."
                )
            if form.get("client_secret") == SECRET:
                return None
            return _error("invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("client_assertion_type") != _ASSERTION:
            return _error("invalid_request", 900144, "client_assertion_type is missing.")
        token = form["client_assertion"]
        issued_by = jwt.decode(token, options={"verify_signature": False}).get("iss")
        return self._certified(token) if issued_by == CLIENT else self._federated(token)

    def _certified(self, token: str) -> dict[str, Any] | None:
        if self.certificate is None:
            return _error("invalid_client", 700027, "The certificate is not registered on application.")
        audience = f"{self.url}/{TENANT}/oauth2/v2.0/token"
        try:
            claims = jwt.decode(
                token,
                self.certificate.public_key(),  # type: ignore[arg-type]
                algorithms=["PS256", "RS256"],
                audience=audience,
                options=UNTIMED,
            )
        except jwt.PyJWTError:
            return _error("invalid_client", 700027, "Client assertion failed signature validation.")
        return self._untimely(claims)

    def _federated(self, token: str) -> dict[str, Any] | None:
        key = jwt.PyJWK(self.issuer.key.public | {"alg": self.issuer.key.algorithm.value})
        try:
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=self.trusts, issuer=ISSUER, options=UNTIMED)
        except jwt.InvalidAudienceError:
            return _error("invalid_client", 700212, "No matching federated identity record found: audience.")
        except jwt.PyJWTError:
            return _error("invalid_client", 700027, "Client assertion failed signature validation.")
        if claims["sub"] != self.subject:
            return _error("invalid_client", 700213, "No matching federated identity record found: subject.")
        return self._untimely(claims)

    def _untimely(self, claims: dict[str, Any]) -> dict[str, Any] | None:
        if in_time(claims, skew=self.skew, leeway=300):
            return None
        return _error("invalid_client", 700024, "Client assertion is not within its valid time range.")


def _error(error: str, code: int, text: str) -> dict[str, Any]:
    described = f"AADSTS{code}: {text} Trace ID: 0000 Correlation ID: 0000 Timestamp: {time.time()}"
    return {"error": error, "error_description": described, "error_codes": [code]}


@contextmanager
def entra(folder: Path) -> Iterator[Entra]:
    """Run the login service on https://localhost, with a certificate of an authority in `folder`."""
    authority = Authority.create(folder)
    pair, context = authority.issue("localhost"), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = RecordingOrigin(tls=context)
    with server:
        found = Entra(Issuer(), authority.roots, server=server)
        server.reply = found.reply
        yield found
