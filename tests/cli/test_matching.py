"""`explain` sees paths as Envoy does."""

from __future__ import annotations

import pytest

from wicketgate.cli.matching import RefusedPathError, normalised_path


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("/orders", "/orders"),
        ("/public/../admin", "/admin"),
        ("/../../admin", "/admin"),
        ("/a/./b/.", "/a/b/"),
        ("/a/b/..", "/a/"),
        ("//a///b", "/a/b"),
        ("/%7Euser/%41", "/~user/A"),
        ("/a%20b", "/a%20b"),
        ("/a%21b", "/a%21b"),
        ("/café", "/caf%C3%A9"),
        ("/a|b", "/a|b"),
        ("/%2e%2e/admin", "/admin"),
        ("/", "/"),
    ],
)
def test_normalised(written: str, seen: str) -> None:
    assert normalised_path(written) == seen


@pytest.mark.parametrize("path", ["/public/..%2fadmin", "/a%2Fb", "/a%5cb"])
def test_escaped_slashes_are_refused(path: str) -> None:
    with pytest.raises(RefusedPathError):
        normalised_path(path)
