"""What a server's module gives, and the words that all printed configurations for client certificates share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wicketgate.guards.config import spellings
from wicketgate.guards.mtls.config import MtlsConfig

CERTIFICATE_HEADERS = (
    "client-cert",
    "client-cert-chain",
    "ssl-client-cert",
    "x-client-cert",
    "x-forwarded-client-cert",
    "x-ssl-client-cert",
)
"""Headers that applications read as the certificate which their own proxy checked (RFC 9440 and older customs).

Here the certificate is the gateway's and was checked on the connection; what a caller wrote into such a header
must not reach the application.
"""

CERTIFICATE_HEADER_SPELLINGS = tuple(
    spelling for header in CERTIFICATE_HEADERS for spelling in (header, *spellings(header))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MtlsServer:
    """One kind of server: its name on the command line and the pure function that prints its guard."""

    name: str
    render: Callable[[MtlsConfig], str]
    runs_application: bool = False
    """The server and the application are one process: there is no upstream."""

    reads_crl: bool = True


def heading(server: str, config: MtlsConfig, *, comment: str = "#") -> str:
    """First comment lines: what this is, and what it does not check."""
    lines = [
        f"Wicketgate guard for {server}: mutual TLS, only {config.san} of our own authority.",
        "Another certificate of the same authority is refused: each origin has an identity of its own.",
    ]
    if config.crl is None:
        lines.append("Revocation is not checked (no --crl): a certificate that leaked works until it expires.")
    else:
        lines += [
            "The revocation file needs a list of every authority in the chain, intermediate and root. Bring a fresh",
            "one in time and reload: with an outdated list the server refuses everyone.",
        ]
    return "\n".join(f"{comment} {line}" for line in lines)
