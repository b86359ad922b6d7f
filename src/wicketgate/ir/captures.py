"""How the parameters of a path are cut out of it without its regular expression."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

from wicketgate.ir.path_pattern import PARAMETER, PathPattern, Piece


class Capture(Enum):
    """A parameter: a run within one segment, as short as what follows allows, or all that is left."""

    SEGMENT = auto()
    REST = auto()


def captures(pattern: PathPattern) -> tuple[str | Capture, ...] | None:
    """Return literals and captures in order; None if the path alone does not tell where a parameter ends.

    That is so for optional parts, and for expressions that share a segment with something else.
    """
    cut: list[str | Capture] = []
    for index, piece in enumerate(pattern.pieces):
        found = piece.literal if piece.literal is not None else _capture(pattern.pieces, index)
        if found is None:
            return None
        cut.append(found)
    return tuple(cut)


def _capture(pieces: Sequence[Piece], index: int) -> Capture | None:
    piece = pieces[index]
    last = index == len(pieces) - 1
    if piece != PARAMETER and piece.capturing != f"({piece.regex})":
        return None
    if piece.crosses_segments:
        return Capture.REST if last else None
    alone = _ends_in_slash(pieces[index - 1]) and (last or (pieces[index + 1].literal or "").startswith("/"))
    return Capture.SEGMENT if alone or piece == PARAMETER else None


def _ends_in_slash(piece: Piece) -> bool:
    return (piece.literal or "").endswith("/")
