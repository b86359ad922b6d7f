"""Cutting parameters out of a path without its regular expression."""

from __future__ import annotations

import pytest

from wicketgate.ir.captures import Capture, captures
from wicketgate.ir.path_pattern import parse_open_api
from wicketgate.ir.url_pattern import parse_url_pattern


@pytest.mark.parametrize(
    ("path", "cut"),
    [
        ("/a", ("/a",)),
        ("/a/{id}", ("/a/", Capture.SEGMENT)),
        ("/a/{id}/b", ("/a/", Capture.SEGMENT, "/b")),
    ],
)
def test_open_api_paths(path: str, cut: tuple[str | Capture, ...]) -> None:
    assert captures(parse_open_api(path)) == cut


@pytest.mark.parametrize(
    ("path", "cut"),
    [
        ("/a/:id", ("/a/", Capture.SEGMENT)),
        ("/a/*", ("/a/", Capture.REST)),
        ("/a/:id(\\d+)/b", ("/a/", Capture.SEGMENT, "/b")),
        ("/a/:id?", None),
        ("/a/*/b", None),
        ("/a-:id(\\d+)-b", None),
    ],
)
def test_url_patterns(path: str, cut: tuple[str | Capture, ...] | None) -> None:
    assert captures(parse_url_pattern(path)) == cut
