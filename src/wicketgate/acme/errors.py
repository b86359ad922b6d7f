"""Why an ACME authority gave no certificate."""

from __future__ import annotations

from wicketgate.errors import WicketError


class AcmeError(WicketError):
    """No certificate was issued. The message holds the authority's own words."""
