"""Certificates for the gateway's own listeners from an authority that speaks ACME (RFC 8555)."""
