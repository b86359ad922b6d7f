"""All peers by name."""

from __future__ import annotations

from bench.peers.caddy import Caddy
from bench.peers.envoy import EnvoyByHand
from bench.peers.haproxy import HAProxy
from bench.peers.nginx import Nginx
from bench.peers.peer import Peer
from bench.peers.traefik import Traefik
from bench.peers.wicketgate import Wicketgate

BASE = "envoy by hand"
PROVING = frozenset((BASE, Wicketgate.name))
"""Those that can add a token of their own, and sign."""
PEERS: tuple[Peer, ...] = (Wicketgate(), EnvoyByHand(), Nginx(), HAProxy(), Caddy(), Traefik())


def named(names: list[str]) -> tuple[Peer, ...]:
    """Return the peers of these names, in the order of the registry. Raises `SystemExit` on an unknown one."""
    known = {peer.name.split()[0]: peer for peer in PEERS}
    if unknown := sorted(set(names) - set(known)):
        raise SystemExit(f"no peer is named {', '.join(unknown)}: choose among {', '.join(known)}")
    return tuple(peer for short, peer in known.items() if short in names)
