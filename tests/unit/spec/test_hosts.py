"""What `allowedHosts` takes is what a route's host can be compared with, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from wicketgate.lower.proofs import is_host
from wicketgate.spec.hosts import AllowedHost, is_host_name

HOSTS = TypeAdapter(AllowedHost)
PIECES = st.sampled_from(
    ["a", "B", "-", "_", ".", "*", "*.", ":", "443", "99999", "0", "0x1f", "[", "]", "::1", "é", "٣"]
)


@pytest.mark.parametrize(
    "text",
    [
        "api.example.com",
        "api.example.com:8443",
        "*.example.com",
        "*.example.com:8443",
        "localhost",
        "my_service:80",
        "10.0.0.5",
        "10.0.0.5:8443",
        "[::1]",
        "[fd00::1]:8443",
        "API.example.com",
    ],
)
def test_a_host_is_taken(text: str) -> None:
    assert HOSTS.validate_python(text) == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "*",
        "*.",
        "a..b",
        "-a.example.com",
        "api.example.com:0",
        "api.example.com:65536",
        "api.example.com:٨",
        "api.example.com:",
        "https://api.example.com",
        "api.example.com/path",
        "user@api.example.com",
        "api.*.example.com",
        "*.*.example.com",
        "300.1.1.1",
        "0x7f000001",
        "::1",
        "[::zz]",
        "[10.0.0.5]",
        "*.10.0.0.5",
        "*.[::1]",
        "é.example.com",
        f"{'a' * 64}.example.com",
        ".".join(["a" * 50] * 6),
    ],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="this is not a host"):
        HOSTS.validate_python(text)


@given(st.lists(PIECES, max_size=8).map("".join))
def test_whatever_is_taken_can_be_compared(text: str) -> None:
    try:
        allowed = HOSTS.validate_python(text)
    except ValidationError:
        return
    is_host("https://api.example.com", allowed)


@pytest.mark.parametrize(
    ("name", "is_one"), [("a.example", True), ("a.example.", False), ("a.0x1", False), ("1", False)]
)
def test_what_a_name_is(name: str, *, is_one: bool) -> None:
    assert is_host_name(name) is is_one
