"""Parts of path templates, in the form that Envoy gives to paths.

Envoy normalises a path before it is matched (`normalize_path`, `merge_slashes`, escaped slashes refused), and
a template is brought into the same form, so that it matches however the caller writes the path (measured):

    template            matches requests for
    /café, /caf%C3%A9   /caf%C3%A9 and /caf%c3%a9 (a raw é is answered 400 by Envoy itself)
    /a%20b              /a%20b; a template with a raw blank is an error
    /%7Euser            /~user and /%7Euser (RFC 3986 section 2.3: escaped letters, digits and -._~ are unescaped)
    /a|b                /a|b and /a%7Cb (also " < > ^ ` { } are escaped)
    /a!b                /a!b but not /a%21b: an escaped delimiter is another character (RFC 3986 section 2.2)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SEGMENT: Final = "[^/?]+"
"""One or more characters of one segment. The query is left out, so the expression also works on `:path`."""

ANYTHING: Final = "[^?]*"

_REGEX_SPECIAL: Final = {ord(char): "\\" + char for char in r"\.^$*+?{}[]()|"}
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,/:;=@\[\]]+")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")


class PathPatternError(ValueError):
    """A template that is not one. `offset` counts characters of the template from 0."""

    def __init__(self, message: str, *, hint: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a pattern: a literal text, or something that matches more than one text.

    `regex` has no capture group and `capturing` one for each parameter; neither matches a `?`.
    """

    regex: str
    capturing: str
    literal: str | None = None
    crosses_segments: bool = False

    @property
    def is_escape(self) -> bool:
        """Whether this is one escaped byte in both cases of its hex digits."""
        return self.regex.startswith("%") and self.literal is None


PARAMETER: Final = Piece(SEGMENT, f"({SEGMENT}?)")
"""As short as the rest allows, as in URLPattern: `/{name}.{ext}` gives `a` and `b.c` for `/a.b.c`."""


def literal_pieces(template: str, start: int, end: int) -> list[Piece]:
    """Return the pieces for the literal text between two offsets. Raises PathPatternError."""
    pieces: list[Piece] = []
    position = start
    while position < end:
        if run := PLAIN.match(template, position, end):
            pieces.append(literal(run[0]))
            position = run.end()
        elif escape := _ESCAPE.match(template, position, end):
            pieces.append(_escaped_byte(int(escape[1], 16), offset=position))
            position = escape.end()
        else:
            pieces += [_escaped_byte(byte, offset=position) for byte in _bytes_of(template, position)]
            position += 1
    return pieces


def literal(text: str) -> Piece:
    """Return the piece for a text that is already in the normalised form."""
    regex = text.translate(_REGEX_SPECIAL)
    return Piece(regex, regex, text)


def _bytes_of(template: str, offset: int) -> bytes:
    char = template[offset]
    if char == "\\":
        hint = "write `/`, or nothing"
        raise PathPatternError("a path holds no backslash: Envoy reads it as a slash", hint=hint, offset=offset)
    if char == "%":
        raise PathPatternError("`%` stands without two hex digits", hint="write `%25`", offset=offset)
    try:
        return char.encode()
    except UnicodeEncodeError:
        hint = "write the character itself"
        raise PathPatternError("the path holds half a surrogate pair", hint=hint, offset=offset) from None


def _escaped_byte(byte: int, *, offset: int) -> Piece:
    char = chr(byte)
    if char in "/\\\0":
        message = f"no request can send `%{byte:02X}` in a path: Envoy refuses it"
        raise PathPatternError(message, hint="remove it", offset=offset)
    if char in _UNRESERVED:
        return literal(char)
    digits = f"{byte:02X}"
    if digits.isdigit():
        return literal("%" + digits)
    # Envoy leaves the case of the digits as the caller wrote it.
    regex = "%" + "".join(digit if digit.isdigit() else f"[{digit}{digit.lower()}]" for digit in digits)
    return Piece(regex, regex)
