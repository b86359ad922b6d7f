"""Tells whether a path matches, in time that no template can make explode.

Python's `re` tries all ways to share a segment among parameters; here each part is matched once for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from wicketgate.ir.path_pieces import ANYTHING, PARAMETER, Piece

_ESCAPE_LENGTH = 3


def accepts(pieces: Sequence[Piece], text: str) -> bool:
    """Tell whether the pieces match the whole of `text`."""
    starts = {0}
    for piece in pieces:
        starts = _ends(piece, text, starts)
        if not starts:
            return False
    return len(text) in starts


def _ends(piece: Piece, text: str, starts: set[int]) -> set[int]:
    """Return where a match of the piece that begins at one of `starts` may end."""
    if piece.literal is not None:
        width = len(piece.literal)
        return {start + width for start in starts if text.startswith(piece.literal, start)}
    if piece.regex == PARAMETER.regex:
        return _ends_in_segment(text, starts)
    if piece.regex == ANYTHING:
        return set(range(min(starts), _end_of_run(text, min(starts), stops="?") + 1))
    expression = _compiled(piece.regex)
    if piece.is_escape:
        ends = {start + _ESCAPE_LENGTH for start in starts}
        return {end for end in ends if expression.fullmatch(text, end - _ESCAPE_LENGTH, end)}
    return {end for start in starts for end in range(start, len(text) + 1) if expression.fullmatch(text, start, end)}


def _ends_in_segment(text: str, starts: set[int]) -> set[int]:
    ends: set[int] = set()
    reached = -1
    for start in sorted(starts):
        if start >= reached:
            reached = _end_of_run(text, start, stops="/?")
            ends.update(range(start + 1, reached + 1))
    return ends


def _end_of_run(text: str, start: int, *, stops: str) -> int:
    return min((found for stop in stops if (found := text.find(stop, start)) >= 0), default=len(text))


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
