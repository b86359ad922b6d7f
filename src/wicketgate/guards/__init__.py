"""`wicket guard SERVER`: configuration that makes a server in front of the origin let in the gateway only.

`render("nginx", GuardConfig(upstream="127.0.0.1:8000"))` gives the text to save; `SERVERS` are the names.
The text refers to the secret in a file that its own comments say how to make; no secret is ever an argument.
"""

from __future__ import annotations

from wicketgate.guards.config import GuardConfig, GuardConfigError, Mode
from wicketgate.guards.registry import SERVERS, render

__all__ = ["SERVERS", "GuardConfig", "GuardConfigError", "Mode", "render"]
