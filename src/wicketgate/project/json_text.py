"""JSON (RFC 8259) by the standard library, and the place of each value when somebody asks."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from wicketgate.json_types import Json
from wicketgate.project.document import DocumentError, Place, Pointer

MAX_DEPTH = 200
"""Levels of a document. No description needs as many, and whatever walks one may then recurse."""

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s,\]}:]+)')
_CONTAINERS = frozenset((dict, list))
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str) -> Json:
    """Parse strict JSON: no repeated keys, no NaN, only whole characters. Raises `DocumentError`."""
    repeated: list[str] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=_pairs(repeated),
            parse_constant=_refuse_number(text),
            parse_int=_bounded_int(text),
            parse_float=_finite_float(text),
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            "not-json", f"this is not JSON: {error.msg}", offset=error.pos, hint=_json_hint(text, error.pos)
        ) from None
    except RecursionError:
        raise too_deep() from None
    if repeated:
        raise _repeated_key(text)
    if nests_deeper_than(MAX_DEPTH, value):
        raise too_deep()
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(text)
    return value


def locate_json(text: str) -> dict[Pointer, Place]:
    """Find the offsets of every value in a text that `parse_json` accepted."""
    return _Scan(text).run().places


def too_deep() -> DocumentError:
    return DocumentError(
        "too-deep",
        "this document nests too deeply",
        hint="no API description needs hundreds of levels; is it generated?",
    )


def nests_deeper_than(limit: int, value: Json) -> bool:
    """Tell whether a document has more than `limit` levels; level by level, so that the answer does not recurse."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            child
            for item in level
            for child in (item.values() if type(item) is dict else item)
            if type(child) in _CONTAINERS
        ]
    return bool(level)


def _pairs(repeated: list[str]):  # type: ignore[no-untyped-def]
    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) != len(pairs):
            repeated.append("")
        return value

    return build


def _refuse_number(text: str) -> Callable[[str], NoReturn]:
    def refuse(token: str) -> NoReturn:
        shown = token if len(token) < 20 else f"{token[:20]}…"
        offset = next((match.start(1) for match in _TOKEN.finditer(text) if match[1] == token), 0)
        raise DocumentError(
            "not-json", f"`{shown}` is not a number of JSON", offset=offset, hint="write a number, a string or null"
        )

    return refuse


def _bounded_int(text: str) -> Callable[[str], int]:
    """Python refuses to read integers of thousands of digits, because that takes quadratic time."""
    refuse = _refuse_number(text)
    return lambda digits: int(digits) if len(digits) < 100 else refuse(digits)


def _finite_float(text: str) -> Callable[[str], float]:
    refuse = _refuse_number(text)

    def read(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else refuse(digits)

    return read


def _refuse_lone_surrogates(text: str) -> None:
    """Half a UTF-16 pair is no character (RFC 8259, section 8.2): it could not be sent, or printed."""
    for match in _TOKEN.finditer(text):
        if _SURROGATE.search(match[1]) and _is_lone(json.loads(match[1])):
            raise DocumentError(
                "not-json",
                "half of a surrogate pair is not a character",
                offset=match.start(1),
                hint="write the character itself",
            )


def _is_lone(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _json_hint(text: str, offset: int) -> str:
    rest = text[offset : offset + 2]
    if rest.startswith(("}", "]")) and text[:offset].rstrip().endswith(","):
        return "remove the comma before this"
    if rest.startswith("/"):
        return "JSON has no comments: remove this one"
    if rest.startswith("'"):
        return 'JSON strings stand in double quotes: "…"'
    return "check the line for a missing comma, quote or bracket"


def _repeated_key(text: str) -> DocumentError:
    pointer, offset = _Scan(text).run().repeated[0]
    where = "/".join(str(part) for part in pointer[:-1]) or "the top level"
    return DocumentError(
        "duplicate-key",
        f"the key `{pointer[-1]}` stands twice in {where}",
        offset=offset,
        hint="keep one of the two",
    )


@dataclass
class _Frame:
    pointer: Pointer
    is_object: bool
    index: int = 0
    key: tuple[str, int] | None = None


@dataclass
class _Scan:
    """Walks the tokens of valid JSON without recursion."""

    text: str
    places: dict[Pointer, Place] = field(default_factory=dict)
    repeated: list[tuple[Pointer, int]] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)

    def run(self) -> _Scan:
        for match in _TOKEN.finditer(self.text):
            self._token(match.group(1), match.start(1))
        return self

    def _token(self, token: str, offset: int) -> None:
        frame = self.stack[-1] if self.stack else None
        first = token[0]
        if first in "}]":
            self.stack.pop()
        elif first == ",":
            self._next(frame)
        elif first == ":":
            return
        elif frame and frame.is_object and frame.key is None:
            frame.key = (json.loads(token), offset)
        else:
            self._value(frame, first, offset)

    @staticmethod
    def _next(frame: _Frame | None) -> None:
        if frame is not None:
            frame.key = None
            frame.index += 1

    def _value(self, frame: _Frame | None, first: str, offset: int) -> None:
        pointer, key_offset = self._pointer(frame, offset)
        if pointer in self.places:
            self.repeated.append((pointer, key_offset))
        self.places.setdefault(pointer, Place(value=offset, key=key_offset))
        if first in "{[":
            self.stack.append(_Frame(pointer, is_object=first == "{"))

    @staticmethod
    def _pointer(frame: _Frame | None, offset: int) -> tuple[Pointer, int]:
        if frame is None:
            return (), offset
        if frame.is_object and frame.key is not None:
            return (*frame.pointer, frame.key[0]), frame.key[1]
        return (*frame.pointer, frame.index), offset
