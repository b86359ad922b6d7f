"""The demo: a guarded origin, the gateway, and attempts to get past it, on real sockets."""
