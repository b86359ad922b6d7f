"""Emit: the gateway as Envoy resources."""

from __future__ import annotations

from pathlib import Path

from wicketgate.envoy.cluster import cluster
from wicketgate.envoy.listener import listeners
from wicketgate.envoy.listener_tls import listener_secrets
from wicketgate.envoy.names import secret_name
from wicketgate.envoy.origin_tls import link_secrets
from wicketgate.envoy.proofs import proof_secrets
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.envoy.route_config import route_config
from wicketgate.ir.gateway import Forward, GatewayIR
from wicketgate.ir.origin import Upstream
from wicketgate.ir.secrets import SecretSource


def emit(gateway: GatewayIR, *, roots: Path) -> EnvoyResources:
    """Return the resources of a gateway. `roots` is the file of the system's certificate authorities (PEM)."""
    upstreams = _upstreams(gateway)
    return EnvoyResources(
        listeners=tuple(each for listener in gateway.listeners for each in listeners(listener, gateway.edge)),
        clusters=tuple(cluster(upstream, roots=roots) for upstream in upstreams),
        routes=(route_config(gateway),),
        secrets=_secrets(gateway, upstreams),
    )


def _upstreams(gateway: GatewayIR) -> list[Upstream]:
    used = (route.action.upstream for route in gateway.routes if isinstance(route.action, Forward))
    return list(dict.fromkeys(used))


def _secrets(gateway: GatewayIR, upstreams: list[Upstream]) -> dict[str, SecretSource]:
    secrets: dict[str, SecretSource] = {}
    for upstream in upstreams:
        secrets |= proof_secrets(upstream.proofs)
        secrets |= {secret_name(source): source for source in link_secrets(upstream.origin.link)}
    for listener in gateway.listeners:
        if listener.tls is not None:
            secrets |= {secret_name(source): source for source in listener_secrets(listener.tls)}
    return secrets
