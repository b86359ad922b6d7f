"""hypercorn: a script that runs an ASGI application behind a TLS context of its own."""

from __future__ import annotations

from wicketgate.guards.mtls.asgi import guarded_tls
from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import MtlsServer, heading
from wicketgate.guards.server import fill

_TEMPLATE = """\
@heading@
# Only TLS 1.3. Changed files (certificate, authority, revocations) are read at the next start.
# Save this text as wicketgate_hypercorn.py and start the application with it in place of the hypercorn command:
#     python wicketgate_hypercorn.py package.module:application
import asyncio
import importlib
import logging
import os
import ssl
import sys

from hypercorn.asyncio import serve
from hypercorn.config import Config

@tls@

class GatewayConfig(Config):
    # Without it hypercorn would serve in the clear when its own certificate settings are empty.
    ssl_enabled = True

    def create_ssl_context(self):
        return tls(self.alpn_protocols)


if __name__ == "__main__":
    config = GatewayConfig()
    config.bind = ["@listen@"]
    config.errorlog = "-"
    asyncio.run(serve(application(sys.argv[1]), config))
"""


def _render(config: MtlsConfig) -> str:
    return fill(
        _TEMPLATE,
        heading=heading("hypercorn", config),
        tls=guarded_tls(config),
        listen=config.listen,
    )


SERVER = MtlsServer(name="hypercorn", render=_render, runs_application=True)
