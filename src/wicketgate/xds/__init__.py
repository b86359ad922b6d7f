"""Serve: resources to Envoy over REST-JSON with long poll. Knows names, kinds and versions only."""
