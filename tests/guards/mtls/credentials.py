"""The certificates that come to a guarded origin's door: one that may in, and everything that may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import SERVER_AUTH, Authority, KeyPair

GATEWAY = "spiffe://wicket.test/gateway/orders"
_SIBLING = "spiffe://wicket.test/gateway/invoices"


def _uri(name: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the origin is configured with, and what clients come with, by name; None comes with nothing."""

    ca: Path
    crl: Path
    outdated_crl: Path
    server: KeyPair
    accepted: Mapping[str, KeyPair]
    refused: Mapping[str, KeyPair | None]
    revoked: KeyPair
    elsewhere: KeyPair
    """Of another authority, which some other virtual host may trust, with the very name that is let in here."""

    other_ca: Path


def make_credentials(folder: Path) -> Credentials:
    root = Authority.create(folder / "ours", "Our Root")
    ours = root.intermediate("Our Intermediate")
    # The same names, other keys.
    other = Authority.create(folder / "other", "Our Root")
    unknown = Authority.create(folder / "unknown", "Unknown Root").intermediate("Unknown Intermediate")
    elsewhere = other.intermediate("Our Intermediate").issue_client("elsewhere", _uri(GATEWAY))
    sibling = ours.issue_client("sibling", _uri(_SIBLING))
    revoked = ours.issue_client("revoked", _uri(GATEWAY))
    crl = folder / "crl.pem"
    crl.write_bytes(ours.revocations(revoked) + root.revocations())
    outdated = folder / "outdated-crl.pem"
    outdated.write_bytes(ours.revocations(days=0) + root.revocations(days=0))
    return Credentials(
        ca=root.roots,
        crl=crl,
        outdated_crl=outdated,
        server=root.issue("127.0.0.1", "localhost", "origin.test", "open.test", "elsewhere.test"),
        accepted=_accepted(root, ours),
        refused={
            "none": None,
            "sibling": sibling,
            "other-ca-of-the-same-name": elsewhere,
            "unknown-ca": unknown.issue_client("unknown-ca", _uri(GATEWAY)),
        }
        | _refused(ours, sibling),
        revoked=revoked,
        elsewhere=elsewhere,
        other_ca=other.roots,
    )


def _accepted(root: Authority, ours: Authority) -> Mapping[str, KeyPair]:
    names = (x509.DNSName("gateway.wicket.test"), _uri(_SIBLING), _uri(GATEWAY), x509.DNSName("orders.wicket.test"))
    return {
        "right": ours.issue_client("right", _uri(GATEWAY)),
        "right-among-others": ours.issue_client("right-among-others", *names),
        "right-from-the-root": root.issue_client("right-from-the-root", _uri(GATEWAY)),
        "right-with-a-last-byte-of-zero": _ending_with_zero(ours),
    }


def _ending_with_zero(ours: Authority) -> KeyPair:
    """The last byte belongs to the signature, which is another one each time."""
    while True:
        pair = ours.issue_client("right-with-a-last-byte-of-zero", _uri(GATEWAY))
        leaf = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
        if leaf.public_bytes(Encoding.DER).endswith(b"\0"):
            return pair


def _refused(ours: Authority, sibling: KeyPair) -> dict[str, KeyPair | None]:
    mine = _uri(GATEWAY)
    forger = ours.lend_key(sibling)
    return {
        "expired": ours.issue_client("expired", mine, days=-1),
        "not-yet-valid": ours.issue_client("not-yet-valid", mine, starts=1),
        "for-servers-only": ours.issue_client("for-servers-only", mine, usage=SERVER_AUTH),
        "signed-by-a-sibling": forger.issue_client("signed-by-a-sibling", mine),
        "no-name": ours.issue_client("no-name", common_name=GATEWAY),
        "name-in-subject": ours.issue_client("name-in-subject", _uri(_SIBLING), common_name=GATEWAY),
        "name-and-more": ours.issue_client("name-and-more", _uri(f"{GATEWAY}/more")),
        "name-cut-off": ours.issue_client("name-cut-off", _uri(GATEWAY[:-1])),
        "more-and-name": ours.issue_client("more-and-name", _uri(f"x{GATEWAY}")),
        "nul-in-name": ours.issue_client("nul-in-name", _uri(f"{GATEWAY}\0.test")),
        "name-as-dns": ours.issue_client("name-as-dns", x509.DNSName(GATEWAY)),
        "other-case": ours.issue_client("other-case", _uri(GATEWAY.replace("orders", "ORDERS"))),
        "name-inside-a-name": ours.issue_client("name-inside-a-name", x509.DNSName(f"a, URI:{GATEWAY}, DNS:b")),
    }
