"""Serve: resources to Envoy, by REST-JSON with long poll and secrets by gRPC. Knows names, kinds and versions only."""
