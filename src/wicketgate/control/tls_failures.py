"""Says in the log that TLS with an origin fails, and which side it fails on.

The access log has the reason of a request, but not where an origin refuses our certificate in TLS 1.3: it does so
after the handshake (RFC 8446 section 4.4.2.4), and to the request that is only a connection that ended. Envoy's
counters know.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Mapping

from wicketgate.control.envoy_admin import EnvoyAdmin
from wicketgate.control.live import Live
from wicketgate.xds.kinds import Kind

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 10.0
_QUIET_SECONDS = 60.0
"""How long nothing more is said of an origin that keeps failing in one way."""

_MEANINGS = {
    "connection_error": "it refuses the certificate that it is shown, or wants one, or speaks no TLS that is accepted",
    "fail_verify_error": "no trusted authority vouches for its certificate now",
    "fail_verify_san": "its certificate is for another name",
    "fail_verify_cert_hash": "it has none of the pinned keys and certificates",
}
_COUNTER = re.compile(rf"cluster\.(?P<origin>.+)\.ssl\.(?P<kind>{'|'.join(_MEANINGS)})")
_PATTERN = rf"^cluster\..*\.ssl\.({'|'.join(_MEANINGS)})$"


class TlsFailures:
    """Compares the counters of the running Envoy with what was said of them before."""

    def __init__(self, admin: EnvoyAdmin, live: Live, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._admin = admin
        self._live = live
        self._clock = clock
        self._said: dict[str, tuple[int, float]] = {}

    async def watch(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                counters = await self._admin.counters(_PATTERN)
            except (OSError, ValueError):
                continue
            self.look(counters)

    def look(self, counters: Mapping[str, int]) -> None:
        """Say what has failed since it was last said; counters that fell are those of a new Envoy."""
        for name, value in counters.items():
            if match := _COUNTER.fullmatch(name):
                before, at = self._said.get(name, (0, -_QUIET_SECONDS))
                new = value - before if value >= before else value
                if new and self._clock() - at >= _QUIET_SECONDS:
                    self._said[name] = (value, self._clock())
                    self._say(match["origin"], match["kind"], new)

    def _say(self, origin: str, kind: str, failed: int) -> None:
        facts: dict[str, object] = {"origin": origin, "failed": failed, "counter": kind}
        if shown := self._shown_to(origin):
            facts["shown"] = shown
        _log.warning("TLS with the origin %s failed: %s", origin, _MEANINGS[kind], extra=facts)

    def _shown_to(self, origin: str) -> str:
        """Return the secret with which the gateway makes itself known to an origin, or nothing."""
        cluster = self._live.snapshot.of(Kind.CLUSTERS).get(origin)
        match json.loads(cluster.body) if cluster else None:
            case {
                "transport_socket": {
                    "typed_config": {
                        "common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": str(name)}]}
                    }
                }
            }:
                return name
            case _:
                return ""
