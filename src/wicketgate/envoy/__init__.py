"""Emit: the IR as Envoy resources, plain JSON, the same bytes for the same input."""
