"""Why there is no answer of the origin: which side refused, as the status and the code of a problem.

Envoy names the reason in `upstream.transport_failure_reason`, in the words of BoringSSL. What a server's certificate
says is quoted there too, so a refusal of ours is recognised first, and nothing in the quotation can pass for another.
"""

from __future__ import annotations

from dataclasses import dataclass

from wicketgate.envoy.reply_filters import both, cel, with_flags
from wicketgate.json_types import JsonObject

_NO_CONNECTION = with_flags("UF")
_ENDED = with_flags("UC", "UR")
_NO_ENDPOINT = with_flags("UH")

_NOT_DELIVERED = "Secret is not supplied by SDS"
_OURS = "CERTIFICATE_VERIFY_FAILED"
_THEIRS = (
    "_ALERT_BAD_CERTIFICATE",
    "_ALERT_UNSUPPORTED_CERTIFICATE",
    "_ALERT_CERTIFICATE_REVOKED",
    "_ALERT_CERTIFICATE_EXPIRED",
    "_ALERT_CERTIFICATE_UNKNOWN",
    "_ALERT_CERTIFICATE_REQUIRED",
    "_ALERT_UNKNOWN_CA",
    "_ALERT_ACCESS_DENIED",
    "_ALERT_DECRYPT_ERROR",
)
"""Alerts about a client's certificate (RFC 5246 section 7.2.2, RFC 8446 section 6.2)."""
_NONE_SHOWN, _NO_COMMON_GROUND = "_ALERT_HANDSHAKE_FAILURE", "HANDSHAKE_FAILURE_ON_CLIENT_HELLO"
"""Servers of TLS 1.2 end with the first when no certificate is shown; the second is about versions and ciphers."""
_TLS = "TLS_error"
_RESET = f"{_TLS}:|{2 << 24 | 104}:"
"""ECONNRESET, of the system library, before anything that TLS has to say."""


@dataclass(frozen=True, slots=True)
class OriginFailure:
    """The local replies that `accept` takes become a problem of this status and code."""

    status: int
    code: str
    accept: JsonObject


def origin_failures() -> list[OriginFailure]:
    """Return the failures; the first that fits is the one."""
    return [
        OriginFailure(503, "credential-missing", _because(_says(_NOT_DELIVERED))),
        OriginFailure(502, "origin-certificate-refused", _because(_says(_OURS))),
        OriginFailure(502, "client-certificate-refused", _because(_their_refusal())),
        OriginFailure(503, "origin-ended-connection", _because(_hung_up())),
        OriginFailure(502, "tls-failed", _because(_says(_TLS))),
        OriginFailure(503, "origin-unreachable", _NO_CONNECTION),
        OriginFailure(503, "origin-unreachable", _NO_ENDPOINT),
        OriginFailure(503, "origin-ended-connection", _ENDED),
    ]


def _because(reason: str) -> JsonObject:
    # The flag costs nothing to look at; most local replies are not about origins.
    return both(_NO_CONNECTION, cel(reason))


def _says(text: str) -> str:
    return f"upstream.transport_failure_reason.contains('{text}')"


def _their_refusal() -> str:
    no_certificate = f"({_says(_NONE_SHOWN)} && !{_says(_NO_COMMON_GROUND)})"
    return " || ".join([*map(_says, _THEIRS), no_certificate])


def _hung_up() -> str:
    """The origin took the connection and closed it within the handshake; TCP's own failures have a reason."""
    details = "upstream_reset_before_response_started{remote_connection_failure}"
    return f"response.code_details == '{details}' || {_says(_RESET)}"
