"""Forward the request: the caller's path behind a base URL (https://zuplo.com/docs/handlers/url-forward)."""

from __future__ import annotations

from wicketgate.handler import Handler, HandlerContext
from wicketgate.ir.gateway import AppendPath, Forward, TemplatePath
from wicketgate.ir.origin import Upstream
from wicketgate.ir.template import Inserted, Template, UrlPart
from wicketgate.spec.base import Options
from wicketgate.spec.url_template import UrlTemplate


class UrlForwardOptions(Options):
    base_url: UrlTemplate
    """Where to, such as `https://api.example.com/v1` or `origin://NAME`; `${env.NAME}` puts in a variable."""
    forward_search: bool = True
    """Send the caller's query."""
    follow_redirects: bool = False
    """Follow redirects of a GET or HEAD to absolute URLs of the same origin, five at most; relative ones and those that
    lead elsewhere go back to the caller, so no credential leaves."""
    mtls_certificate: str | None = None
    """The certificate that the gateway shows to the origin (mutual TLS): a name of `wicket cert list`."""


def _lower(options: UrlForwardOptions, at: HandlerContext) -> Forward | None:
    target = at.target(options.base_url, option="baseUrl", certificate=options.mtls_certificate)
    if target is None:
        return None
    if any("?" in part or "#" in part for part in target.rest if isinstance(part, str)):
        at.error(
            "base-url-query",
            "a base URL has no query and no fragment: the caller's path is put behind it",
            option="baseUrl",
            hint="use set-query-params-inbound, or urlRewriteHandler for a whole URL",
        )
        return None
    path = _path(target.rest, forward_search=options.forward_search)
    return Forward(Upstream(target.origin), path, options.follow_redirects)


def _path(rest: Template, *, forward_search: bool) -> AppendPath | TemplatePath:
    if all(isinstance(part, str) for part in rest):
        return AppendPath("".join(str(part) for part in rest).rstrip("/"), forward_search)
    trimmed = (*rest[:-1], rest[-1].rstrip("/")) if isinstance(rest[-1], str) else rest
    return TemplatePath((*trimmed, Inserted(UrlPart.PATHNAME)), forward_search)


HANDLER = Handler(export="urlForwardHandler", options=UrlForwardOptions, lower=_lower)
