"""Forward the request to a URL made from a pattern (https://zuplo.com/docs/handlers/url-rewrite)."""

from __future__ import annotations

from wicketgate.diagnostics import nearest
from wicketgate.handler import Handler, HandlerContext
from wicketgate.ir.captures import captures
from wicketgate.ir.gateway import Forward, TemplatePath
from wicketgate.ir.origin import Upstream
from wicketgate.ir.template import Inserted, Param, Template
from wicketgate.spec.base import Options
from wicketgate.spec.url_template import UrlTemplate


class UrlRewriteOptions(Options):
    rewrite_pattern: UrlTemplate
    """The URL, such as `https://api.example.com/items/${params.id}?lang=${query.lang}`."""
    forward_search: bool = True
    """Add the caller's query."""
    follow_redirects: bool = False
    """Follow redirects of a GET or HEAD to absolute URLs of the same origin, five at most; relative ones and those that
    lead elsewhere go back to the caller, so no credential leaves."""
    mtls_certificate: str | None = None
    """The certificate that the gateway shows to the origin (mutual TLS): a name of `wicket cert list`."""


def _lower(options: UrlRewriteOptions, at: HandlerContext) -> Forward | None:
    target = at.target(options.rewrite_pattern, option="rewritePattern", certificate=options.mtls_certificate)
    if target is None or not _params_known(target.rest, at):
        return None
    if any("#" in part for part in target.rest if isinstance(part, str)):
        at.error(
            "not-a-url",
            "a fragment never leaves the caller: no origin would get it",
            option="rewritePattern",
            hint="remove `#` and what follows, or write %23",
        )
        return None
    is_separable = captures(at.pattern) is not None
    edges = at.pattern.edges if is_separable else ()
    path = TemplatePath(target.rest or ("/",), options.forward_search, edges)
    if not path.is_plain and not is_separable and _params(target.rest):
        at.error(
            "param-not-separable",
            f"with queries or headers in the pattern, each parameter of `{at.pattern.text}` must fill its segment",
            option="rewritePattern",
            hint="put `/` on both sides of each parameter, or use parameters alone in the pattern",
        )
        return None
    return Forward(Upstream(target.origin), path, options.follow_redirects)


def _params_known(template: Template, at: HandlerContext) -> bool:
    unknown = [name for name in _params(template) if name not in at.pattern.params]
    for name in unknown:
        at.error(
            "param-unknown",
            f"the path `{at.pattern.text}` has no parameter `{name}`",
            option="rewritePattern",
            hint=nearest(name, at.pattern.params) or f"put `{{{name}}}` into the path",
        )
    return not unknown


def _params(template: Template) -> list[str]:
    return [part.source.name for part in template if isinstance(part, Inserted) and isinstance(part.source, Param)]


HANDLER = Handler(export="urlRewriteHandler", options=UrlRewriteOptions, lower=_lower)
