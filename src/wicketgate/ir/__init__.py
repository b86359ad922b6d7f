"""The gateway as frozen values that know neither Envoy nor any secret."""
