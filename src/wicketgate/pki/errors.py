"""What is wrong with a certificate, a key or a request for one."""

from __future__ import annotations

from wicketgate.errors import WicketError


class BadCertificateError(WicketError):
    """A certificate, chain, key or signing request cannot be used. Holds nothing of the key or its passphrase."""


class CannotIssueError(WicketError):
    """The private authority will not sign what it was asked to."""
