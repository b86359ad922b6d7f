"""The access log: one JSON object a request. No query, no header value that could be a credential."""

from __future__ import annotations

from wicketgate.envoy.callers_path import CALLERS_PATH
from wicketgate.envoy.types import extension
from wicketgate.json_types import JsonObject

_LOGGERS = "envoy.extensions.access_loggers"
_FIELDS: JsonObject = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "requestId": "%REQ(x-request-id)%",
    "method": "%REQ(:method)%",
    "path": CALLERS_PATH,
    "protocol": "%PROTOCOL%",
    "status": "%RESPONSE_CODE%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "flags": "%RESPONSE_FLAGS%",
    "route": "%ROUTE_NAME%",
    "origin": "%UPSTREAM_CLUSTER_RAW%",
    "endpoint": "%UPSTREAM_HOST%",
    # Why there was no connection, in the words of TCP or TLS; and which one it was, as Envoy's own log numbers them.
    "originFailure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "originConnection": "%UPSTREAM_CONNECTION_ID%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "durationMs": "%DURATION%",
    "originMs": "%RESPONSE_DURATION%",
    "bytesIn": "%BYTES_RECEIVED%",
    "bytesOut": "%BYTES_SENT%",
    "user": "%DYNAMIC_METADATA(wicketgate:user:sub)%",
    # Why a caller's certificate was not taken.
    "clientCertificate": "%DYNAMIC_METADATA(wicketgate:clientCert:reason)%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
}


def access_log(to: str) -> list[JsonObject]:
    """Return the access loggers for `stdout`, `stderr`, `off` or the path of a file."""
    log_format = {"log_format": {"json_format": _FIELDS}}
    match to:
        case "off":
            return []
        case "stdout":
            return [extension("envoy.access_loggers.stdout", f"{_LOGGERS}.stream.v3.StdoutAccessLog", **log_format)]
        case "stderr":
            return [extension("envoy.access_loggers.stderr", f"{_LOGGERS}.stream.v3.StderrAccessLog", **log_format)]
        case path:
            return [
                extension("envoy.access_loggers.file", f"{_LOGGERS}.file.v3.FileAccessLog", path=path, **log_format)
            ]
