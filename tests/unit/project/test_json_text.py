"""Strict JSON, and how deep it may go."""

from __future__ import annotations

import pytest

from wicketgate.project.document import DocumentError
from wicketgate.project.json_text import MAX_DEPTH, parse_json


def test_depth_is_bounded_below_what_would_recurse() -> None:
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        with pytest.raises(DocumentError) as caught:
            parse_json(opening * (MAX_DEPTH + 1) + ("1" if "{" in opening else "") + closing * (MAX_DEPTH + 1))
        assert caught.value.code == "too-deep"
