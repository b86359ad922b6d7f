"""OpenAPI 3.0 and 3.1 as far as a gateway reads it: paths, operations, and our extensions on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from wicketgate.diagnostics import Diagnostics, nearest
from wicketgate.ir.gateway import METHODS
from wicketgate.ir.path_pattern import PathPattern, PathPatternError, parse_open_api
from wicketgate.ir.url_pattern import parse_url_pattern
from wicketgate.json_types import Json, JsonObject
from wicketgate.project.document import Document, Pointer
from wicketgate.spec.base import Spec
from wicketgate.spec.check import validated
from wicketgate.spec.references import check_references, follow
from wicketgate.spec.route import PathExtension, RouteExtension

_OPERATIONS = frozenset(method.lower() for method in METHODS) | {"trace"}
_VERSION = re.compile(r"3\.[01]\.\d+")
_OURS = ("x-zuplo-", "x-wicket-")
_PATH_KEYS = ("x-zuplo-path", "x-wicket-path")
_ROUTE_KEYS = ("x-zuplo-route", "x-wicket-route")
S = TypeVar("S", bound=Spec)


@dataclass(frozen=True, slots=True)
class Operation:
    """A routed operation. `pointer` leads to the route extension."""

    document: Document
    pointer: Pointer
    method: str
    pattern: PathPattern
    operation_id: str | None
    route: RouteExtension


def operations(document: Document, diagnostics: Diagnostics) -> Iterator[Operation]:
    """Yield the operations that carry a route, in document order; report what is wrong with the others."""
    if not _is_openapi(document, diagnostics):
        return
    check_references(document, diagnostics)
    unrouted = 0
    for path, item in document.value.get("paths", {}).items():
        if path.startswith("x-"):
            continue
        _refuse_beside_reference(document, path, item, diagnostics)
        pointer, resolved = follow(document, ("paths", path), item, diagnostics)
        if not isinstance(resolved, dict):
            continue
        pattern = _pattern(document, path, pointer, resolved, diagnostics)
        for method in (key for key in resolved if key in _OPERATIONS):
            operation = _operation(document, (*pointer, method), resolved[method], pattern, diagnostics)
            if operation is not None:
                yield operation
            elif not _is_routed(resolved[method]):
                unrouted += 1
    _report_unrouted(document, unrouted, diagnostics)


def _refuse_beside_reference(document: Document, path: str, item: Json, diagnostics: Diagnostics) -> None:
    """OpenAPI 3.1 leaves open what holds where a path has both; whatever is chosen, somebody's route is lost."""
    if not isinstance(item, dict) or "$ref" not in item:
        return
    for key in (key for key in item if key in _OPERATIONS or key in _PATH_KEYS):
        diagnostics.error(
            "ref-beside",
            document.span(("paths", path, key), key=True),
            f"`{key}` stands beside a `$ref`, which replaces the whole path",
            hint="move it to where the reference leads, or write the path out here",
        )


def _is_openapi(document: Document, diagnostics: Diagnostics) -> bool:
    value = document.value
    if not isinstance(value, dict):
        diagnostics.error(
            "not-openapi", document.span(), "this is not an OpenAPI document", hint="it must be an object"
        )
        return False
    version = value.get("openapi")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        found = "Swagger 2.0" if "swagger" in value else f"version {version!r}" if version else "no `openapi` version"
        diagnostics.error(
            "openapi-version",
            document.span(("openapi",)),
            f"found {found}",
            hint="write or convert it to OpenAPI 3.0 or 3.1",
        )
        return False
    if not isinstance(value.get("paths", {}), dict):
        diagnostics.error("not-openapi", document.span(("paths",)), "`paths` must be an object", hint='{ "/x": { … } }')
        return False
    return True


def _pattern(
    document: Document, path: str, pointer: Pointer, item: JsonObject, diagnostics: Diagnostics
) -> PathPattern | None:
    extension = PathExtension()
    key = _extension_key(document, pointer, item, _PATH_KEYS, diagnostics)
    if key is not None:
        found = _validated(PathExtension, document, (*pointer, key), item[key], diagnostics)
        if found is None:
            return None
        extension = found
    parse = parse_open_api if extension.path_mode == "open-api" else parse_url_pattern
    try:
        return parse(path)
    except PathPatternError as error:
        diagnostics.error("wrong-path", document.span(("paths", path), key=True), error.message, hint=error.hint)
        return None


def _operation(
    document: Document, pointer: Pointer, value: Json, pattern: PathPattern | None, diagnostics: Diagnostics
) -> Operation | None:
    if not isinstance(value, dict):
        diagnostics.error("wrong-value", document.span(pointer), "an operation is an object", hint="{ … }")
        return None
    key = _extension_key(document, pointer, value, _ROUTE_KEYS, diagnostics)
    if key is None:
        return None
    method = str(pointer[-1])
    if method == "trace":
        _refuse_trace(document, pointer, diagnostics)
        return None
    route = _validated(RouteExtension, document, (*pointer, key), value[key], diagnostics)
    if route is None or pattern is None:
        return None
    operation_id = value.get("operationId")
    return Operation(
        document=document,
        pointer=(*pointer, key),
        method=method.upper(),
        pattern=pattern,
        operation_id=operation_id if isinstance(operation_id, str) else None,
        route=route,
    )


def _refuse_trace(document: Document, pointer: Pointer, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "method-not-supported",
        document.span(pointer, key=True),
        "TRACE is never forwarded: an origin that answers it hands its secret header to the caller",
        hint="remove the route from this operation",
    )


def _validated(model: type[S], document: Document, pointer: Pointer, value: Json, diagnostics: Diagnostics) -> S | None:
    return validated(model, value, document=document, pointer=pointer, scope=None, diagnostics=diagnostics)


def _extension_key(
    document: Document, pointer: Pointer, item: JsonObject, keys: tuple[str, str], diagnostics: Diagnostics
) -> str | None:
    ours = [key for key in item if key.startswith(_OURS)]
    for key in ours:
        if key not in keys:
            span = document.span((*pointer, key), key=True)
            diagnostics.error("unknown-key", span, f"unknown key `{key}`", hint=nearest(key, keys))
    found = [key for key in ours if key in keys]
    if len(found) > 1:
        span = document.span((*pointer, found[1]), key=True)
        diagnostics.error(
            "duplicate-key", span, f"`{found[0]}` says the same as `{found[1]}`", hint="keep one of the two"
        )
    return found[0] if found else None


def _is_routed(value: Json) -> bool:
    return isinstance(value, dict) and any(key in value for key in _ROUTE_KEYS)


def _report_unrouted(document: Document, count: int, diagnostics: Diagnostics) -> None:
    if count:
        diagnostics.warning(
            "not-routed",
            document.span(("paths",)),
            f"{count} operation{'s have' if count > 1 else ' has'} no x-zuplo-route and will answer 404",
            hint="add a route to each operation that the gateway should serve",
        )
