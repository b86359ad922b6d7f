"""Python that the runners of ASGI applications share: the TLS context that knows the gateway, and clean headers."""

from __future__ import annotations

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS
from wicketgate.guards.server import fill

# Neither uvicorn nor hypercorn shows the application the peer's certificate, so the handshake itself must fail:
# `SSLContext.sslobject_class` is Python's documented place for that, with asyncio and with uvloop.
_TEMPLATE = '''\
CA = "@ca@"
CERTIFICATE = "@certificate@"
KEY = "@key@"
@crl_name@
GATEWAY = ("@kind@", "@name@")

CLAIMS = frozenset({
@claims@
})


class GatewayOnly(ssl.SSLObject):
    """Ends the handshake unless the verified certificate has the gateway's name."""

    def do_handshake(self):
        super().do_handshake()
        names = (self.getpeercert() or {}).get("subjectAltName", ())
        if GATEWAY not in names:
            logging.getLogger("wicketgate_guard").warning("refused a certificate of our authority for %r", names)
            raise ssl.SSLCertVerificationError("the certificate is not the gateway's")


def tls(protocols):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = GatewayOnly
    # A resumed session would skip the check of expiry and revocation. TLS 1.3 without tickets has none; the
    # session cache of TLS 1.2 cannot be turned off from Python.
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.set_alpn_protocols(protocols)
    context.load_cert_chain(CERTIFICATE, KEY)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(CA)
@crl@    return context


class WithoutClaims:
    """What a caller claims about a certificate is not what was checked here; some frameworks take _ for -."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("http", "websocket"):
            kept = [(name, value) for name, value in scope["headers"] if name.replace(b"_", b"-") not in CLAIMS]
            scope = {**scope, "headers": kept}
        await self.application(scope, receive, send)


def application(reference):
    """The ASGI application that `package.module:name` means, from the working folder."""
    sys.path.insert(0, os.getcwd())
    module, _, name = reference.partition(":")
    return WithoutClaims(getattr(importlib.import_module(module), name))
'''

_CRL = """\
    context.load_verify_locations(CRL)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
"""


def guarded_tls(config: MtlsConfig) -> str:
    """The functions `tls(protocols)` and `application(reference)`, with all they need but the imports."""
    files = config.files("/etc/wicketgate-guard")
    return fill(
        _TEMPLATE,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl_name=f'CRL = "{files.crl}"\n' if files.crl else "",
        crl=_CRL if files.crl else "",
        kind=config.kind,
        name=config.name,
        claims="\n".join(f'    b"{name}",' for name in CERTIFICATE_HEADERS),
    )
