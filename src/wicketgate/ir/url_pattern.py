"""URLPattern pathnames: `:name`, `(regex)`, `:name(regex)`, `*`, `{…}` and the modifiers `? * +`.

The syntax is that of https://urlpattern.spec.whatwg.org/ with the limits of the reference: an expression in
parentheses has no character class, no anchor and no group of its own. As there, a parameter without an
expression matches one segment, a slash before a parameter shares its modifier, and what has no name is
numbered from 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from wicketgate.ir.path_pattern import PathPattern, add_parameter, build_pattern, check_template
from wicketgate.ir.path_pieces import ANYTHING, PARAMETER, PathPatternError, Piece, literal, literal_pieces
from wicketgate.ir.url_pattern_regex import parse_expression

_NAME: Final = re.compile(r"[A-Za-z_$][\w$]*")
_SPECIAL: Final = frozenset(":(){}*+?")


def parse_url_pattern(template: str) -> PathPattern:
    """Parse a pathname in URLPattern syntax; the query plays no part in a match, a slash at the end does.

    Raises PathPatternError.
    """
    check_template(template)
    reader = _Reader(template)
    pieces: list[Piece] = []
    while reader.next:
        if reader.next == "{":
            pieces += _group(reader)
        elif (matcher := _matcher(reader)) is not None:
            pieces += _modified(reader, matcher, before=pieces)
        elif reader.next == "}":
            raise PathPatternError("a `}` closes nothing", hint="remove it, or write `\\}`", offset=reader.position)
        else:
            pieces += _text(reader)
    return build_pattern(template, pieces, reader.params)


@dataclass(slots=True)
class _Reader:
    template: str
    position: int = 0
    params: list[str] = field(default_factory=list)
    unnamed: int = 0

    @property
    def next(self) -> str:
        return self.template[self.position : self.position + 1]

    def take_modifier(self) -> str:
        char = self.next
        if not char or char not in "?*+":
            return ""
        self.position += 1
        return char

    def number_parameter(self) -> None:
        self.params.append(str(self.unnamed))
        self.unnamed += 1


def _matcher(reader: _Reader) -> Piece | None:
    """Read `:name`, `:name(regex)`, `(regex)` or `*`, if one stands here."""
    if reader.next == ":":
        _name(reader)
        return _expression(reader) if reader.next == "(" else PARAMETER
    if reader.next == "(":
        reader.number_parameter()
        return _expression(reader)
    if reader.next == "*":
        reader.number_parameter()
        reader.position += 1
        return _captured(ANYTHING, crosses_segments=True)
    return None


def _name(reader: _Reader) -> None:
    found = _NAME.match(reader.template, reader.position + 1)
    if found is None:
        hint = "write `:name`, or `\\:` for a colon"
        raise PathPatternError("`:` stands without a name", hint=hint, offset=reader.position)
    add_parameter(reader.params, found[0], offset=found.start())
    reader.position = found.end()


def _expression(reader: _Reader) -> Piece:
    expression = parse_expression(reader.template, reader.position)
    reader.position = expression.end
    return _captured(expression.regex, crosses_segments=expression.crosses_segments)


def _captured(regex: str, *, crosses_segments: bool) -> Piece:
    return Piece(regex, f"({regex})", None, crosses_segments)


def _modified(reader: _Reader, matcher: Piece, *, before: list[Piece]) -> list[Piece]:
    """Return the matcher with its modifier, which also takes the slash at the end of `before`."""
    start = reader.position
    modifier = reader.take_modifier()
    if not modifier:
        return [matcher]
    slash = _take_slash(before)
    return [_repeated(slash, matcher, [], modifier=modifier, offset=start)]


def _take_slash(pieces: list[Piece]) -> list[Piece]:
    text = pieces[-1].literal if pieces else None
    if text is None or not text.endswith("/"):
        return []
    pieces[-1:] = [literal(text[:-1])] if text != "/" else []
    return [literal("/")]


def _group(reader: _Reader) -> list[Piece]:
    start = reader.position
    reader.position += 1
    before = _text(reader)
    matcher = _matcher(reader)
    after = _text(reader)
    if reader.next != "}":
        hint = "a group holds text, at most one parameter, and text, such as `{/v:major}?`"
        raise PathPatternError("the group is not closed", hint=hint, offset=start)
    reader.position += 1
    modifier = reader.take_modifier()
    if not modifier:
        return [*before, *([] if matcher is None else [matcher]), *after]
    return [_repeated(before, matcher, after, modifier=modifier, offset=start)]


def _repeated(
    before: Sequence[Piece], matcher: Piece | None, after: Sequence[Piece], *, modifier: str, offset: int
) -> Piece:
    left, right = (_joined(before), _joined(after))
    crosses = "/" in left + right or (matcher is not None and matcher.crosses_segments)
    if matcher is None:
        if not left + right:
            raise PathPatternError("the group is empty", hint="remove it", offset=offset)
        regex = f"(?:{left}{right}){modifier}"
        return Piece(regex, regex, None, crosses)
    value = matcher.regex
    if modifier != "?":
        # Anything else would let one path match in many ways, which costs time and gives arbitrary parameters.
        if matcher.crosses_segments or not left + right:
            hint = "`(.*)` alone matches any number of segments, `{/:name}+` repeats one"
            raise PathPatternError(f"`{modifier}` cannot repeat this part", hint=hint, offset=offset)
        value = f"{value}(?:{right}{left}{value})*"
    optional = "" if modifier == "+" else "?"
    return Piece(f"(?:{left}{value}{right}){optional}", f"(?:{left}({value}){right}){optional}", None, crosses)


def _joined(pieces: Sequence[Piece]) -> str:
    return "".join(piece.regex for piece in pieces)


def _text(reader: _Reader) -> list[Piece]:
    """Read text up to the next special character; `\\` makes that a plain one."""
    pieces: list[Piece] = []
    while reader.next and reader.next not in "{}:(*":
        start = reader.position
        if reader.next == "\\":
            start = _escaped(reader)
        elif reader.next in _SPECIAL:
            raise _stray(reader.next, start)
        end = start + (3 if reader.template.startswith("%", start) else 1)
        pieces += literal_pieces(reader.template, start, min(end, len(reader.template)))
        reader.position = end
    return pieces


def _stray(char: str, offset: int) -> PathPatternError:
    hint = "a modifier follows a parameter or a group, such as `{s}?`; "
    hint += "a query plays no part in finding the route" if char == "?" else f"the plain character is `\\{char}`"
    return PathPatternError(f"`{char}` stands alone", hint=hint, offset=offset)


def _escaped(reader: _Reader) -> int:
    offset = reader.position + 1
    if not reader.template[offset:]:
        raise PathPatternError("a backslash ends the path", hint="remove it", offset=reader.position)
    if reader.template[offset] == "?":
        hint = "the query plays no part in finding the route: remove it"
        raise PathPatternError("a path holds no `?`", hint=hint, offset=offset)
    return offset
