"""AWS STS as its public pages describe it, strict where moto checks nothing: web identity, times, parameters.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html ,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html ,
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_saml.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import jwt

from tests.providers.surroundings import ISSUER, Issuer
from tests.providers.their_clock import UNTIMED, dated, in_time
from tests.support.origin import Seen

ROLE = "arn:aws:iam::123456789012:role/wicketgate"
SUBJECT = "wicket:berlin:orders.example.com"
CREDENTIALS = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "canary-temporary",
    "SessionToken": "canary-token",
    "Expiration": "2099-01-01T00:00:00Z",
}
_XMLNS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
_LEEWAY = 300


def given(operation: str, *headers: str, **changed: str) -> bytes:
    """Answer as AWS does; what is empty is left out."""
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in {**CREDENTIALS, **changed}.items() if value)
    result = f"<{operation}Result><Credentials>{fields}</Credentials></{operation}Result>"
    return answer(200, f"<{operation}Response {_XMLNS}>{result}</{operation}Response>", *headers)


def refused(status: int, code: str, message: str, *headers: str) -> bytes:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    return answer(status, f"<ErrorResponse {_XMLNS}>{error}</ErrorResponse>", *headers)


def answer(status: int, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", "content-type: text/xml", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


@dataclass
class Sts:
    """`audiences` and `subject` are what the account's identity provider and the role trust; `revoked` are key ids."""

    issuer: Issuer = field(default_factory=Issuer)
    audiences: tuple[str, ...] = ("sts.amazonaws.com",)
    subject: str = SUBJECT
    known: bool = True
    skew: float = 0.0
    revoked: set[str] = field(default_factory=set)
    trouble: Callable[[], bytes] | None = None

    def __call__(self, seen: Seen) -> bytes:
        if self.trouble is not None:
            return self.trouble()
        form = dict(parse_qsl(seen.body.decode(), strict_parsing=True))
        if seen.method != "POST" or form.pop("Version", "") != "2011-06-15":
            return self._no(400, "InvalidAction", "Could not find operation for version NO_VERSION_SPECIFIED")
        action = form.pop("Action", "")
        if wrong := _wrong(form):
            return self._no(400, "ValidationError", f"1 validation error detected: Value at '{wrong}' failed")
        if action == "AssumeRoleWithWebIdentity":
            return self._by_token(seen, form)
        return self._by_keys(seen) if action == "AssumeRole" else self._no(400, "InvalidAction", action)

    def _by_token(self, seen: Seen, form: dict[str, str]) -> bytes:
        if seen.all("authorization"):
            return self._no(403, "SignatureDoesNotMatch", "this operation is not signed")
        key = jwt.PyJWK(self.issuer.key.public | {"alg": self.issuer.key.algorithm.value})
        try:
            claims = jwt.decode(
                form["WebIdentityToken"],
                key,
                algorithms=["RS256", "ES256"],
                issuer=ISSUER,
                options={**UNTIMED, "verify_aud": False},
            )
        except jwt.InvalidSignatureError:
            return self._no(
                400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider"
            )
        except jwt.PyJWTError:
            return self._no(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT.")
        if not self.known:
            return self._no(
                400, "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {ISSUER}"
            )
        if claims["aud"] not in self.audiences:
            return self._no(400, "InvalidIdentityToken", "Incorrect token audience")
        if not in_time(claims, skew=self.skew, leeway=_LEEWAY):
            words = f"Token expired: current date/time {int(time.time())} must be before the expiration date/time"
            return self._no(400, "ExpiredTokenException", words)
        if claims["sub"] != self.subject:
            return self._no(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        return self._keys("AssumeRoleWithWebIdentity", form)

    def _by_keys(self, seen: Seen) -> bytes:
        """moto looks at signatures; this one at who signs, and when."""
        found = re.match(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/eu-west-1/sts/aws4_request, ", seen.one("authorization")
        )
        if found is None or found[1] in self.revoked:
            return self._no(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        stamp = seen.one("x-amz-date")
        signed = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        late = time.time() + self.skew - signed
        if abs(late) > _LEEWAY:
            words = (
                "Signature expired: {} is now earlier than"
                if late > 0
                else "Signature not yet current: {} is still later than"
            )
            return self._no(403, "SignatureDoesNotMatch", f"{words.format(stamp)} (5 min.)")
        return self._keys("AssumeRole", dict(parse_qsl(seen.body.decode())))

    def _keys(self, operation: str, form: dict[str, str]) -> bytes:
        ends = time.gmtime(time.time() + self.skew + int(form.get("DurationSeconds", "3600")))
        return given(operation, dated(self.skew), Expiration=time.strftime("%Y-%m-%dT%H:%M:%SZ", ends))

    def _no(self, status: int, code: str, message: str) -> bytes:
        return refused(status, code, message, dated(self.skew))


_FIELDS = {
    "RoleArn": r"arn:aws:iam::\d{12}:role/[!-~]+",
    "RoleSessionName": r"[\w+=,.@-]{2,64}",
    "DurationSeconds": r"9\d\d|[1-9]\d{3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200",
    "WebIdentityToken": r".{4,20000}",
    "ExternalId": r"[\w+=,.@:/-]{2,1224}",
}


def _wrong(form: dict[str, str]) -> str:
    """Return the name of a field that is not there, or not as documented."""
    missing = [name for name in ("RoleArn", "RoleSessionName") if name not in form]
    unfit = [name for name, value in form.items() if not re.fullmatch(_FIELDS.get(name, "(?!)"), value)]
    return next(iter([*missing, *unfit]), "")
