"""Scheme, host and port of an origin."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wicketgate.resolve.authority import AuthorityError, check_path, split_url


@pytest.mark.parametrize(
    ("url", "shown", "rest"),
    [
        ("https://A.Example:443/x?y", "https://a.example", "/x?y"),
        ("http://a.example.:8080", "http://a.example:8080", ""),
        ("HTTP://[::1]:80/", "http://[::1]", "/"),
        ("https://10.0.0.1:8443", "https://10.0.0.1:8443", ""),
    ],
)
def test_one_origin_has_one_spelling(url: str, shown: str, rest: str) -> None:
    authority, found = split_url(url)
    assert (authority.url, found) == (shown, rest)


@given(st.integers(0, 2**16 - 1))
def test_no_spelling_of_a_link_local_address_passes(low: int) -> None:
    number = 0xA9FE0000 | low
    address = ipaddress.IPv4Address(number)
    octets = address.packed
    hosts = [
        str(address),
        str(number),
        hex(number),
        ".".join(f"0{octet:o}" for octet in octets),
        ".".join(hex(octet) for octet in octets),
        f"{octets[0]}.{octets[1]}.{low}",
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{number >> 16:x}:{low:x}::]",
    ]
    for host in hosts:
        with pytest.raises(AuthorityError):
            split_url(f"http://{host}/")


@given(st.text(max_size=40))
def test_any_text_is_split_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://a.example/{text}"):
        try:
            authority, rest = split_url(url)
            check_path(rest)
        except AuthorityError:
            continue
        assert rest.isascii()
        assert split_url(authority.url)[0] == authority
