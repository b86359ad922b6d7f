"""uvicorn: a script that runs an ASGI application behind a TLS context of its own."""

from __future__ import annotations

from wicketgate.guards.mtls.asgi import guarded_tls
from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import MtlsServer, heading
from wicketgate.guards.server import fill

_TEMPLATE = """\
@heading@
# Needs uvicorn 0.47; an older one does not start. Only TLS 1.3. Changed files (certificate, authority, revocations)
# are read at the next start.
# Save this text as wicketgate_uvicorn.py and start the application with it in place of the uvicorn command:
#     python wicketgate_uvicorn.py package.module:application
import importlib
import logging
import os
import ssl
import sys

import uvicorn

@tls@

if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1]),
        host="@host@",
        port=@port@,
        ssl_context_factory=lambda config, default: tls(["http/1.1"]),
    )
"""


def _render(config: MtlsConfig) -> str:
    host, port = config.listen_at
    return fill(
        _TEMPLATE,
        heading=heading("uvicorn", config),
        tls=guarded_tls(config),
        host=host,
        port=str(port),
    )


SERVER = MtlsServer(name="uvicorn", render=_render, runs_application=True)
