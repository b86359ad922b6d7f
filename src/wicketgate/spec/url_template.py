"""`${…}` in baseUrl and rewritePattern: the pattern language of URL Forward and URL Rewrite.

Source: https://zuplo.com/docs/handlers/url-rewrite
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from wicketgate.diagnostics import nearest
from wicketgate.ir.template import (
    Env,
    Header,
    Inserted,
    Param,
    Query,
    Source,
    Template,
    TemplatePart,
    UrlPart,
)
from wicketgate.spec.base import KeepsVariables, scope_of
from wicketgate.spec.http_names import header_name
from wicketgate.spec.variables import ENV_CALL

_PIECE = re.compile(r"\$\{([^{}]*)\}|\$\{")
_ENCODER = re.compile(r"(?:encodeURIComponent|e)\(\s*(.*?)\s*\)")
_HEADER = re.compile(r"""(?:request\.)?headers\.get\(\s*(["'])([^"']+)\1\s*\)""")
_MEMBER = re.compile(r"""(env|(?:request\.)?(?:params|query))(?:\.([A-Za-z_$][\w$-]*)|\[\s*(["'])([^"']+)\3\s*\])""")
_PARTS = {part.value: part for part in UrlPart if part is not UrlPart.REQUEST_ID} | {
    "request.method": UrlPart.METHOD,
    "request.url": UrlPart.URL,
    "context.requestId": UrlPart.REQUEST_ID,
}
_MEMBERS: dict[str, Callable[[str], Source]] = {"env": Env, "params": Param, "query": Query}
_NAMES = (*_PARTS, "env.NAME", "params.NAME", "query.NAME", 'headers.get("NAME")', "encodeURIComponent(…)")


def parse_template(text: str) -> Template:
    """Split a pattern into literals and insertions. Raises a validation error that names the fault."""
    if ENV_CALL in text:
        raise PydanticCustomError(
            "env-wrong-syntax",
            "`$env(NAME)` is not read here",
            {
                "hint": "in baseUrl, rewritePattern and location write `${{env.NAME}}`".replace("{{", "{").replace(
                    "}}", "}"
                )
            },
        )
    parts: list[TemplatePart] = []
    end = 0
    for piece in _PIECE.finditer(text):
        if piece[1] is None:
            raise _malformed(text[piece.start() : piece.start() + 20], "close it with `}`")
        parts += [text[end : piece.start()], _insertion(piece[1].strip())]
        end = piece.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def _insertion(expression: str) -> Inserted:
    encoder = _ENCODER.fullmatch(expression)
    if encoder:
        return Inserted(_source(encoder[1]), encoded=True)
    return Inserted(_source(expression))


def _source(expression: str) -> Source:
    if expression in _PARTS:
        return _PARTS[expression]
    if header := _HEADER.fullmatch(expression):
        return Header(header_name(header[2]))
    if member := _MEMBER.fullmatch(expression):
        return _MEMBERS[member[1].removeprefix("request.")](member[2] or member[4])
    raise _malformed(f"${{{expression}}}", nearest(expression, _NAMES))


def _malformed(what: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError(
        "template-malformed", "`{what}` is not known in a URL pattern", {"what": what, "hint": hint}
    )


def _template(value: Any, info: ValidationInfo) -> Template:
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("wrong-value", "this must be a URL", {"hint": 'such as "https://api.example.com"'})
    scope = scope_of(info)
    merged: list[TemplatePart] = []
    for part in parse_template(value.strip()):
        resolved = (
            scope.expose(part.source.name) if isinstance(part, Inserted) and isinstance(part.source, Env) else part
        )
        if isinstance(resolved, str) and merged and isinstance(merged[-1], str):
            merged[-1] += resolved
        else:
            merged.append(resolved)
    return tuple(merged)


UrlTemplate = Annotated[Template, KeepsVariables(), PlainValidator(_template), WithJsonSchema({"type": "string"})]
"""A URL with `${…}` insertions; variables are already filled in."""
