"""URLPattern pathnames: `:name`, `(regex)`, `:name(regex)`, `*`, `{…}` and the modifiers `? * +`."""

from __future__ import annotations

from wicketgate.ir.path_pattern import PathPattern


def parse_url_pattern(template: str) -> PathPattern:
    """Parse a pathname in URLPattern syntax (https://urlpattern.spec.whatwg.org/). Raises PathPatternError."""
    raise NotImplementedError
