"""A Lambda function in place of an HTTP origin: what it is invoked with, and what its result means.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """`function` is a name or an ARN, with a version or an alias if any; `resource` what events call the route."""

    function: str
    payload_format: str
    """`1.0` or `2.0`."""
    proxy: bool
    """Events carry the context of API Gateway, and results need a status in format 1.0."""
    resource: str
    binary_types: tuple[str, ...]
    """Media types whose bodies are base64 in the event; `image/*` and `*/*` stand for many."""
    returns_trace_id: bool
