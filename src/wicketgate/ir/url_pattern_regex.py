"""Expressions in the parentheses of a URLPattern, rewritten to mean the same in Python and in RE2.

Neither may see the query, so `.` and the negated classes leave `?` out; `\\d` and `\\w` are ASCII as in JavaScript.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wicketgate.ir.path_pattern import MAX_REPETITIONS
from wicketgate.ir.path_pieces import PathPatternError, literal_pieces

_CLASSES: Final = {"d": "[0-9]", "D": "[^0-9?]", "w": "[0-9A-Za-z_]", "W": "[^0-9A-Za-z_?]", "S": "[^?]"}
_CROSSING: Final = ("[^?]", "[^0-9?]", "[^0-9A-Za-z_?]", "/")
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{(?P<low>\d{1,4})(?:,(?P<high>\d{0,4}))?\})\??")
_REFUSED: Final = {
    "[": ("character classes are not supported", "use `\\d`, `\\w`, `.` or alternatives: `(a|b)`"),
    "(": ("an expression holds no group, look-around or flag of its own", "write the alternatives out: `(ab|ac)`"),
    "^": ("anchors are not supported", "remove it: a pattern always matches the whole path"),
    "$": ("anchors are not supported", "remove it: a pattern always matches the whole path"),
    "?": ("the quantifier `?` has nothing to repeat", "put it behind a character"),
    "*": ("the quantifier `*` has nothing to repeat", "put it behind a character, such as `.*`"),
    "+": ("the quantifier `+` has nothing to repeat", "put it behind a character, such as `.+`"),
    "{": ("the quantifier `{` has nothing to repeat", "put it behind a character, such as `\\d{4}`"),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """`regex` can stand beside other text; `end` is the offset behind the closing parenthesis."""

    regex: str
    crosses_segments: bool
    end: int


def parse_expression(template: str, start: int) -> Expression:
    """Parse the expression whose opening parenthesis is at `start`. Raises PathPatternError."""
    parts: list[str] = []
    position = start + 1
    while (char := template[position : position + 1]) != ")":
        if not char:
            raise PathPatternError("the parenthesis is not closed", hint="write `(…)`", offset=start)
        if char == "|":
            parts.append("|")
            position += 1
            continue
        atom, position = _atom(template, position)
        quantifier, position = _quantifier(template, position)
        parts.append(atom + quantifier)
    regex = "".join(parts)
    if not regex.strip("|"):
        raise PathPatternError("the expression is empty", hint="write what it matches: `(.*)`", offset=start)
    crosses = any(part.startswith(_CROSSING) for part in parts)
    return Expression(f"(?:{regex})" if "|" in parts else regex, crosses, position + 1)


def _atom(template: str, offset: int) -> tuple[str, int]:
    char = template[offset]
    if template.startswith("(?", offset - 1):
        char = "("
    if char in _REFUSED:
        message, hint = _REFUSED[char]
        raise PathPatternError(message, hint=hint, offset=offset)
    if char == ".":
        return "[^?]", offset + 1
    if char == "\\":
        return _escape(template, offset)
    end = offset + (3 if char == "%" else 1)
    return _literal(template, offset, min(end, len(template))), end


def _escape(template: str, offset: int) -> tuple[str, int]:
    char = template[offset + 1 : offset + 2]
    if char in _CLASSES:
        return _CLASSES[char], offset + 2
    if not char or char == "?" or char.isalnum():
        hint = "supported are `\\d \\D \\w \\W \\S` and a backslash before a special character"
        raise PathPatternError(f"`\\{char}` is not supported", hint=hint, offset=offset)
    return _literal(template, offset + 1, offset + 2), offset + 2


def _literal(template: str, start: int, end: int) -> str:
    regex = "".join(piece.regex for piece in literal_pieces(template, start, end))
    return regex if end - start == 1 and len(template[start:end].encode()) == len(regex) == 1 else f"(?:{regex})"


def _quantifier(template: str, offset: int) -> tuple[str, int]:
    found = _QUANTIFIER.match(template, offset)
    if found is None:
        return "", offset
    low, high = found["low"], found["high"]
    if low is not None and not int(low) <= int(high or low) <= MAX_REPETITIONS:
        hint = f"write `{{low,high}}` with low ≤ high ≤ {MAX_REPETITIONS}"
        raise PathPatternError("the counts of the quantifier are out of range", hint=hint, offset=offset)
    return found[0], found.end()
