"""What a server's module gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wicketgate.guards.token.config import TokenConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenServer:
    """One kind of server: its name on the command line and the pure function that prints its guard."""

    name: str
    render: Callable[[TokenConfig], str]
