"""Names that a certificate may carry."""

from __future__ import annotations

import pytest

from wicketgate.pki.errors import CannotIssueError
from wicketgate.pki.extensions import Purpose
from wicketgate.pki.profile import LeafProfile, spiffe_id


def test_spiffe_id() -> None:
    assert spiffe_id("acme.example", "preview-7", "Billing_v2") == (
        "spiffe://acme.example/gateway/preview-7/origin/Billing_v2"
    )


@pytest.mark.parametrize(
    ("domain", "environment", "origin"),
    [
        ("Acme.example", "production", "billing"),
        ("acme.example:8443", "production", "billing"),
        ("user@acme", "production", "billing"),
        ("", "production", "billing"),
        ("a" * 256, "production", "billing"),
        ("acme.example", "", "billing"),
        ("acme.example", "production", ".."),
        ("acme.example", "production", "."),
        ("acme.example", "production", "billing/origin/payroll"),
        ("acme.example", "production/origin/payroll", "billing"),
        ("acme.example", "production", "billing?x"),
        ("acme.example", "production", "billing#x"),
        ("acme.example", "production", "bill%69ng"),
        ("acme.example", "production", "billing\n"),
        ("acme.example", "production", "billing\0"),
        ("acme.example", "production", "büro"),
        ("acme.example", "production", "b" * 2048),
    ],
)
def test_not_a_spiffe_id(domain: str, environment: str, origin: str) -> None:
    with pytest.raises(CannotIssueError, match="not a SPIFFE ID"):
        spiffe_id(domain, environment, origin)


@pytest.mark.parametrize("name", ["a.example", "localhost", "xn--bcher-kva.example", "a-b.c1", "A.Example"])
def test_dns_names(name: str) -> None:
    assert LeafProfile("x", dns_names=(name,)).dns_names == (name,)


LONG = ".".join(["a" * 49] * 6)


@pytest.mark.parametrize(
    "name",
    ["", "a..b", ".a", "a.", "a b", "a\0b", "bücher.example", "-a.b", "a-.b", "a_b.c", "*.a.b", "a\n", "a" * 64, LONG],
)
def test_not_a_dns_name(name: str) -> None:
    with pytest.raises(CannotIssueError, match="not a DNS name"):
        LeafProfile("x", dns_names=(name,))


@pytest.mark.parametrize(
    ("name", "fine"), [("*.a.example", True), ("*.example", False), ("a.*.b", False), ("*", False)]
)
def test_wildcards_are_for_servers(name: str, fine: bool) -> None:
    if fine:
        assert LeafProfile("x", Purpose.SERVER, dns_names=(name,))
    else:
        with pytest.raises(CannotIssueError, match="not a DNS name"):
            LeafProfile("x", Purpose.SERVER, dns_names=(name,))


@pytest.mark.parametrize("address", ["10.0.0.256", "", "fe80::1%eth0", "10.0.0.0/8", "localhost"])
def test_not_an_address(address: str) -> None:
    with pytest.raises(CannotIssueError, match="not an IP address"):
        LeafProfile("x", addresses=(address,))


@pytest.mark.parametrize("uri", ["/relative", "mailto:a@b", "https://ä.example", "https://a b", "https://", ""])
def test_not_a_uri(uri: str) -> None:
    with pytest.raises(CannotIssueError, match="not an absolute URI"):
        LeafProfile("x", uris=(uri,))


@pytest.mark.parametrize("uri", ["SPIFFE://acme/x", "spiffe:acme/x", "spiffe://acme/x/", "spiffe://acme//x"])
def test_a_spiffe_uri_is_held_to_its_own_rules(uri: str) -> None:
    with pytest.raises(CannotIssueError, match="not a SPIFFE ID"):
        LeafProfile("x", uris=(uri,))


def test_a_spiffe_id_stands_alone() -> None:
    assert LeafProfile("x", uris=("https://a.example/x", "urn://b"))
    with pytest.raises(CannotIssueError, match="has no other URI"):
        LeafProfile("x", uris=("spiffe://acme/x", "https://a.example"))


@pytest.mark.parametrize("name", ["", "a" * 65, "a\0b", "a\nb"])
def test_not_a_common_name(name: str) -> None:
    with pytest.raises(CannotIssueError, match="not a common name"):
        LeafProfile(name)


def test_a_life_is_longer_than_nothing() -> None:
    with pytest.raises(CannotIssueError, match="more than 0 seconds"):
        LeafProfile("x", life=0)
