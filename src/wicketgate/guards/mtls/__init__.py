"""`wicket guard SERVER --mtls`: configuration that lets in the gateway's client certificate only.

`render_mtls("nginx", MtlsConfig(san="URI:spiffe://…"))` gives the text to save; `MTLS_SERVERS` are the names.
The text names files; no key is ever part of it.
"""

from __future__ import annotations

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.registry import MTLS_SERVERS, render_mtls

__all__ = ["MTLS_SERVERS", "MtlsConfig", "render_mtls"]
