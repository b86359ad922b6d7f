"""Wicketgate: the origin answers the gateway and nobody else, and you can prove it."""

from __future__ import annotations

__version__ = "0.1.0"
