"""Supervise: the small process that starts Envoy and the control plane, and outlives both."""
