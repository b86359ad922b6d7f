"""A project that uses everything, and small damages to it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.support.project import handler, operation, policy

_FORWARD = handler("urlForwardHandler", baseUrl="https://a.example/v1", forwardSearch=True, followRedirects=False)
_REWRITE = handler(
    "urlRewriteHandler", rewritePattern='origin://o/x/${params.id}?q=${query.q}&h=${headers.get("x-h")}&e=${env.PLAIN}'
)
_INBOUND = ["set", "remove", "clear", "key", "query", "unquery", "size", "all"]
_OUTBOUND = ["set-out", "remove-out", "clear-out", "status"]


def whole_project() -> dict[str, Any]:
    """Return the JSON files of a project with every handler, policy and setting, by their names."""
    return {"config/routes.oas.json": _routes(), "config/policies.json": _policies(), "config/origins.json": _origins()}


def _routes() -> dict[str, Any]:
    paths = {
        "/a/{id}": {
            "get": operation(_FORWARD, inbound=_INBOUND, outbound=_OUTBOUND, cors="site", operationId="a"),
            "post": operation(_REWRITE, inbound=["set"], cors="anything-goes"),
        },
        "/b/:id(\\d+)": {
            "x-zuplo-path": {"pathMode": "url-pattern"},
            "get": operation(handler("redirectHandler", location="/a/1", status=302)),
        },
        "/c": {"$ref": "#/components/pathItems/c"},
        "/d": {"put": {}, "get": {"x-wicket-route": {"handler": _FORWARD}}},
    }
    spec = operation(handler("openApiSpecHandler", openApiFilePath="config/routes.oas.json"))
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    return document | {"components": {"pathItems": {"c": {"get": spec}}, "schemas": {"s": {"type": "string"}}}}


def _policies() -> dict[str, Any]:
    headers = [{"name": "x-a", "value": "$env(CANARY)"}, {"name": "x-b", "value": "b", "overwrite": False}]
    params = [{"name": "q", "value": "1"}, {"name": "k", "value": "$env(CANARY)"}]
    inbound = [
        policy("set", "set-headers-inbound", "SetHeadersInboundPolicy", headers=headers),
        policy("remove", "remove-headers-inbound", "RemoveHeadersInboundPolicy", headers=["x-c"]),
        policy("clear", "clear-headers-inbound", "ClearHeadersInboundPolicy", exclude=["x-d"]),
        policy("key", "set-upstream-api-key-inbound", "SetUpstreamApiKeyInboundPolicy", value="Bearer $env(CANARY)"),
        policy("query", "set-query-params-inbound", "SetQueryParamsInboundPolicy", params=params),
        policy("unquery", "remove-query-params-inbound", "RemoveQueryParamsInboundPolicy", params=["z"]),
        policy("size", "request-size-limit-inbound", "RequestSizeLimitInboundPolicy", maxSizeInBytes=100),
        policy("all", "composite-inbound", "CompositeInboundPolicy", policies=["set", "remove"]),
    ]
    outbound = [
        policy("set-out", "set-headers-outbound", "SetHeadersOutboundPolicy", headers=[{"name": "x-e", "value": "e"}]),
        policy("remove-out", "remove-headers-outbound", "RemoveHeadersOutboundPolicy", headers=["server"]),
        policy("clear-out", "clear-headers-outbound", "ClearHeadersOutboundPolicy", exclude=["x-f"]),
        policy("status", "set-status-outbound", "SetStatusOutboundPolicy", status=201),
    ]
    cors = {
        "name": "site",
        "allowedOrigins": ["https://a.example", "https://*.b.example"],
        "allowedMethods": "GET, POST",
        "allowedHeaders": ["*"],
        "exposeHeaders": ["x-e"],
        "maxAge": 60,
        "allowCredentials": True,
    }
    return {"policies": [*inbound, *outbound], "corsPolicies": [cors]}


def _origins() -> dict[str, Any]:
    origin = {
        "name": "o",
        "url": "https://o.example/base",
        "endpoints": ["10.0.0.1:8443", "h.example"],
        "protocol": "auto",
        "network": "n",
        "connectTimeout": "1s",
        "timeout": 30,
        "idleTimeout": "5m",
        "retries": {"attempts": 1, "backOff": "10ms", "maxBackOff": "1s", "perTryTimeout": 2, "statusCodes": [503]},
        "circuitLimits": {"connections": 10, "pendingRequests": 10, "requests": 10, "retries": 1},
        "passiveHealth": {"enabled": True, "consecutiveErrors": 3, "ejectionTime": "10s", "maxEjectedPercent": 50},
    }
    return {"origins": [origin], "networks": [{"name": "n", "addresses": ["10.0.0.0/8"]}]}


_JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**15, 0.5, 1e308, "", " ", "*", "/", "//", "x", "a b", "é", "\x00", "\r\n", "%", "%zz",
    "$env(CANARY)", "$env(", "$env(NOPE)", "${env.PLAIN}", "${", "${params.id}", "${query.x}", "${url}", "http://[::1]",
    "https://a.example:99999", "origin://", "origin://o", "#/paths", "#/components/pathItems/c", ":x", "(", "{id}",
    "$import(./modules/x)", "1s", "none", "\U0001f600", "a" * 300, [], {}, [[]], [{}], ["x"], {"": ""}, {"$ref": "#/"},
)  # fmt: skip
_PIECES = (
    "$env(CANARY)",
    "${params.id}",
    "\x00",
    "\n",
    "%",
    "é",
    "/",
    "?",
    "#",
    "*",
    "{",
    "}",
    " ",
    '"',
    "\\",
    ":",
    "(a|b)",
)


def damaged(files: dict[str, Any], chance: Random) -> dict[str, Any]:
    """Return a copy with one to three places changed."""
    files = copy.deepcopy(files)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(_places(files)))
        _change(holder, key, [value for value, _ in map(_at, _places(files))], chance)
    return files


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for key in keys:
        if not (isinstance(key, str) and key.startswith("config/")):
            yield value, key
        yield from _places(value[key])


def _at(place: tuple[Any, Any]) -> tuple[Any, Any]:
    return place[0][place[1]], place


def _change(holder: Any, key: Any, others: list[Any], chance: Random) -> None:
    match chance.randrange(5):
        case 0:
            del holder[key]
        case 1:
            holder[key] = copy.deepcopy(chance.choice(_JUNK))
        case 2:
            holder[key] = copy.deepcopy(chance.choice(others))
        case 3 if isinstance(holder[key], str):
            at = chance.randint(0, len(holder[key]))
            holder[key] = holder[key][:at] + chance.choice(_PIECES) + holder[key][at:]
        case _ if isinstance(holder, dict):
            holder[chance.choice((f"{key}x", "", "x-zuplo-route", key.upper()))] = holder.pop(key)
        case _:
            holder.append(copy.deepcopy(holder[key]))


def write_files(folder: Path, files: dict[str, Any]) -> None:
    """Write the project as JSON."""
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value, indent=1))
