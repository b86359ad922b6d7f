"""The origin's half of the gateway's own tokens, as configuration: pure text."""

from wicketgate.guards.token.config import TokenConfig
from wicketgate.guards.token.registry import TOKEN_SERVERS, render_token

__all__ = ["TOKEN_SERVERS", "TokenConfig", "render_token"]
