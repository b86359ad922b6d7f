"""Errors made by the gateway: `application/problem+json` (RFC 9457) in the reference's shape.

Source: https://zuplo.com/docs/concepts/api-errors
"""

from __future__ import annotations

from http import HTTPStatus

from wicketgate.envoy.callers_path import CALLERS_PATH
from wicketgate.envoy.origin_failures import origin_failures
from wicketgate.envoy.reply_filters import both, either, with_details, with_metadata, with_status
from wicketgate.envoy.steps import TOO_LARGE
from wicketgate.envoy.types import extension, http_filter
from wicketgate.json_types import JsonObject

PROBLEM = "application/problem+json"
REQUEST_ID_HEADER = "zp-rid"
"""The reference's name for the request id in a response."""

_CREDENTIAL_MISSING = "failed_to_inject_credential"
_STATUSES = (
    400,
    401,
    403,
    404,
    405,
    408,
    413,
    414,
    415,
    417,
    421,
    426,
    429,
    431,
    500,
    501,
    502,
    503,
    504,
    505,
)


def local_reply_config() -> JsonObject:
    """Return the mappers, special cases first: the first that fits shapes the reply."""
    mappers = [
        _mapper(503, with_details(_CREDENTIAL_MISSING), code="credential-missing"),
        _mapper(400, with_metadata("refused", "trailers"), code="trailers-refused"),
        _mapper(400, both(with_status(403), with_details("upgrade_failed")), code="upgrade-refused"),
        _mapper(413, with_details(f"rbac_access_denied_matched_policy[{TOO_LARGE}]")),
        _mapper(400, _incomplete_preflight()),
        *(_mapper(failure.status, failure.accept, code=failure.code) for failure in origin_failures()),
        *(_mapper(status, with_status(status)) for status in _STATUSES),
    ]
    return {"mappers": mappers}


def refuse_unasked_upgrade() -> JsonObject:
    """Return the filter that turns a 101 into a 502: on a request that asked for no upgrade it ends HTTP mid-stream."""
    status = extension("status", "envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput")
    reply = extension(
        "unasked upgrade",
        "envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy",
        status_code=502,
        body_format={"json_format": _problem(502, "unasked-upgrade"), "content_type": PROBLEM},
    )
    tree = {"input": status, "exact_match_map": {"map": {"101": {"action": reply}}}}
    return http_filter(
        "wicketgate.unasked-upgrade",
        "custom_response.v3.CustomResponse",
        custom_response_matcher={"matcher_tree": tree},
    )


def _mapper(status: int, accept: JsonObject, *, code: str = "") -> JsonObject:
    return {
        "filter": accept,
        "status_code": status,
        "headers_to_add": [
            {
                "header": {"key": REQUEST_ID_HEADER, "value": "%REQ(x-request-id)%"},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
        "body_format_override": {
            "json_format": _problem(status, code),
            "content_type": PROBLEM,
        },
    }


def _problem(status: int, code: str) -> JsonObject:
    phrase = HTTPStatus(status).phrase
    return {
        "type": f"https://httpproblems.com/http-status/{status}",
        "title": phrase,
        "status": status,
        "instance": CALLERS_PATH,
        **({"code": code} if code else {}),
        "trace": {
            "timestamp": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
            "requestId": "%REQ(x-request-id)%",
            "buildId": "%METADATA(VIRTUAL_HOST:wicketgate:build)%",
        },
    }


def _incomplete_preflight() -> JsonObject:
    """An OPTIONS request that is no preflight and has no route (reference: 400 when a header of it is missing)."""
    options = {"header_filter": {"header": {"name": ":method", "string_match": {"exact": "OPTIONS"}}}}
    missing = [
        {"header_filter": {"header": {"name": name, "present_match": True, "invert_match": True}}}
        for name in ("origin", "access-control-request-method")
    ]
    return both(with_status(404), options, either(*missing))
