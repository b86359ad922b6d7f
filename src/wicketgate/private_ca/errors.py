"""What the private authority will not do."""

from __future__ import annotations

from wicketgate.errors import WicketError


class PrivateCaError(WicketError):
    """The step does not fit how the private authority stands; nothing was changed."""
