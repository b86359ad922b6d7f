"""Names for JSON in memory."""

from __future__ import annotations

from typing import Any

Json = Any
"""Any JSON value. Used at the two ends only: what the user wrote, and what Envoy is told."""

JsonObject = dict[str, Any]
"""A JSON object, such as one Envoy resource."""
