"""Path templates of routes, as expressions that mean the same in Python and in Envoy (RE2).

Upper and lower case differ, and so does a slash at the end. See `path_pieces` for escaped characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice
from typing import Final

from wicketgate.ir.path_acceptance import accepts
from wicketgate.ir.path_pieces import PARAMETER, PLAIN, PathPatternError, Piece, literal, literal_pieces

__all__ = ["PARAMETER", "Edges", "PathPattern", "PathPatternError", "Piece", "parse_open_api"]

MAX_TEMPLATE_LENGTH: Final = 2048
"""Characters of a template; keeps one expression far below the limits of RE2."""

MAX_REPETITIONS: Final = 1000
"""Sum of the counts such as `{4}` in one expression; RE2 writes each repetition out."""

_DOT_AFTER_SLASH: Final = re.compile(r"/(?:\.|%2[Ee])")
_COUNT: Final = re.compile(r"\{(?:\d+,)?(\d+)")
_NOT_IN_OPEN_API: Final = {
    "}": ("a `}` closes nothing", "write `{name}`"),
    "?": ("a path holds no `?`", "the query plays no part in finding the route: remove it"),
    "*": ("an OpenAPI path has no wildcard", 'add "pathMode": "url-pattern" (there a plain star is `\\*`)'),
}
_PARAMETER_NAME: Final = re.compile(r"[\w$@][\w.$@-]*")


Edges = tuple[tuple[str, tuple[str, ...]], ...]
"""By the name of a parameter, texts that it can be."""


@dataclass(frozen=True, slots=True)
class PathPattern:
    """A template. `regex` matches the whole path without its query and has one group for each of `params`.

    Every path that matches starts with `static_prefix`; an `is_exact` pattern matches just that one path.
    """

    text: str
    regex: str
    params: tuple[str, ...]
    static_prefix: str
    is_exact: bool
    pieces: tuple[Piece, ...]

    @property
    def repetitions(self) -> int:
        """Sum of the counts such as `{4}` in the expression."""
        return sum(int(count) for piece in self.pieces for count in _COUNT.findall(piece.regex))

    @property
    def shape(self) -> str:
        """The same for two templates that differ in the names of their parameters only."""
        return "".join(piece.regex for piece in self.pieces)

    @property
    def edges(self) -> Edges:
        """What parameters can be that leaves an empty segment where they are put, beside an ordinary `x`."""
        names, found = iter(self.params), []
        for index, piece in enumerate(self.pieces):
            texts = ("x", *_edges(piece, behind_slash=index > 0 and _ends_in_slash(self.pieces[index - 1])))
            found += [(name, texts) for name in islice(names, _compiled(piece.capturing).groups)]
        return tuple(found)

    def accepts(self, path: str) -> bool:
        """Tell whether `path` (normalised, without query) matches."""
        return accepts(self.pieces, path)

    def match(self, path: str) -> Mapping[str, str] | None:
        """Return the parameters that `path` (normalised, without query) gives, or None when it does not match.

        A parameter in an optional part that is absent is the empty string, as in Envoy.
        """
        if not self.accepts(path):
            return None
        found = _compiled(self.regex).fullmatch(path)
        return None if found is None else dict(zip(self.params, found.groups(default=""), strict=True))


def parse_open_api(template: str) -> PathPattern:
    """Parse an OpenAPI path: `{name}` is one or more characters of one segment, also beside text (`/{a}.json`).

    Raises PathPatternError. Source: OpenAPI 3.1, "Path Templating".
    """
    check_template(template)
    pieces: list[Piece] = []
    params: list[str] = []
    position = 0
    while position < len(template):
        if template[position] == "{":
            end = _end_of_parameter(template, position)
            add_parameter(params, template[position + 1 : end], offset=position + 1)
            pieces.append(PARAMETER)
            position = end + 1
        else:
            end = _end_of_literal(template, position)
            pieces += literal_pieces(template, position, end)
            position = end
    return build_pattern(template, pieces, params)


def check_template(template: str) -> None:
    """Refuse what no template may be, whatever its syntax. Raises PathPatternError."""
    if not template.startswith("/"):
        raise PathPatternError("a path starts with `/`", hint=f"write `/{template.lstrip()}`", offset=0)
    if len(template) > MAX_TEMPLATE_LENGTH:
        message = f"the path is longer than {MAX_TEMPLATE_LENGTH} characters"
        raise PathPatternError(message, hint="shorten it", offset=MAX_TEMPLATE_LENGTH)
    if PLAIN.fullmatch(template):
        return
    for offset, char in enumerate(template):
        if char.isspace() or not char.isprintable():
            message = f"the path holds the character U+{ord(char):04X}, which no request can send"
            raise PathPatternError(message, hint="remove it, or write a blank as `%20`", offset=offset)
        if char == "#":
            hint = "remove it: browsers keep a fragment to themselves"
            raise PathPatternError("a path holds no `#`", hint=hint, offset=offset)


def add_parameter(params: list[str], name: str, *, offset: int) -> None:
    """Append `name` to `params` if it is a name and new. Raises PathPatternError."""
    if not name:
        raise PathPatternError("the parameter has no name", hint="write one, such as `{id}`", offset=offset)
    if not _PARAMETER_NAME.fullmatch(name):
        hint = "use letters, digits and `_ - . $ @`"
        if name.startswith("+") or name.endswith(("+", "*")):
            hint = f'for several segments use "pathMode": "url-pattern" and `:{name.strip("+*")}(.*)`'
        raise PathPatternError(f"`{name}` is not a parameter name", hint=hint, offset=offset)
    if name in params:
        raise PathPatternError(f"the parameter `{name}` stands twice", hint="give each its own name", offset=offset)
    params.append(name)


def build_pattern(template: str, pieces: Sequence[Piece], params: Sequence[str]) -> PathPattern:
    """Join pieces to a pattern. Raises PathPatternError for a path that normalisation would change."""
    merged = _merge_literals(pieces)
    _refuse_unreachable(template, merged)
    first = merged[0].literal or "/"
    regex = "".join(piece.capturing for piece in merged)
    exact = len(merged) == 1 and merged[0].literal is not None
    pattern = PathPattern(template, regex, tuple(params), first, exact, merged)
    if pattern.repetitions > MAX_REPETITIONS:
        message = f"the counts in the pattern make more than {MAX_REPETITIONS} together"
        raise PathPatternError(message, hint="use `*` or `+` instead of large counts", offset=template.find("{"))
    return pattern


def _merge_literals(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for is_literal, group in groupby(pieces, key=lambda piece: piece.literal is not None):
        if is_literal:
            merged.append(literal("".join(piece.literal or "" for piece in group)))
        else:
            merged += group
    return tuple(merged)


def _refuse_unreachable(template: str, pieces: Sequence[Piece]) -> None:
    # A parameter stands for text here, so that `{name}.` is not taken for a dot segment.
    outline = "".join("x" if piece.literal is None else piece.literal for piece in pieces)
    if "//" in outline:
        hint = "write one slash: Envoy merges them before it looks for a route"
        raise PathPatternError("the path holds an empty segment", hint=hint, offset=max(template.find("//"), 0))
    if not {".", ".."}.isdisjoint(outline.split("/")):
        hint = "write the path without it: Envoy resolves dot segments before it looks for a route"
        raise PathPatternError("the path holds a `.` or `..` segment", hint=hint, offset=_offset_of_dot(template))


def _offset_of_dot(template: str) -> int:
    found = _DOT_AFTER_SLASH.search(template)
    return 0 if found is None else found.start()


def _end_of_parameter(template: str, start: int) -> int:
    end = template.find("}", start)
    nested = template.find("{", start + 1)
    if end < 0:
        raise PathPatternError("a `{` is not closed", hint="write `{name}`", offset=start)
    if 0 <= nested < end:
        raise PathPatternError("a `{` stands inside a parameter", hint="write `{name}`", offset=nested)
    return end


def _end_of_literal(template: str, start: int) -> int:
    for offset in range(start, len(template)):
        char = template[offset]
        if char == "{":
            return offset
        if char in _NOT_IN_OPEN_API:
            message, hint = _NOT_IN_OPEN_API[char]
            raise PathPatternError(message, hint=hint, offset=offset)
    return len(template)


def _edges(piece: Piece, *, behind_slash: bool) -> tuple[str, ...]:
    """A path has no two slashes in a row, so what follows one begins with none. A parameter among other text in its
    piece is not looked at closely."""
    if piece == PARAMETER:
        return ()
    alone = piece.capturing == f"({piece.regex})"
    nothing = ("",) if not alone or _compiled(piece.regex).fullmatch("") else ()
    slashes = ("x/",) if behind_slash else ("x/", "/x", "/x/", "/")
    return (*nothing, *(slashes if piece.crosses_segments else ()))


def _ends_in_slash(piece: Piece) -> bool:
    return (piece.literal or "").endswith("/")


@lru_cache(maxsize=65536)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
