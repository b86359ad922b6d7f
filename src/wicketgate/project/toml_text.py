"""TOML (https://toml.io/en/v1.0.0) by the standard library, with the line of each key."""

from __future__ import annotations

import re
import tomllib

from wicketgate.json_types import Json
from wicketgate.project.document import DocumentError, Place, Pointer, line_starts

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?")
_KEY = re.compile(r"^\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_.-]+)\s*=\s*")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


def parse_toml(text: str) -> Json:
    """Parse a TOML document. Raises `DocumentError`."""
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is what an integer of 5,000 digits raises
        at = _AT.search(str(error))
        starts = line_starts(text)
        offset = starts[int(at[1]) - 1] + int(at[2]) - 1 if at else max(len(text) - 1, 0)
        message = _AT.sub("", str(error)).replace("(at end of document)", "").strip()
        raise DocumentError("not-toml", f"this is not TOML: {message}", offset=offset, hint="check this line") from None
    except RecursionError:
        raise DocumentError("too-deep", "this document nests too deeply", hint="write it flat") from None


def locate_toml(text: str) -> dict[Pointer, Place]:
    """Find keys that stand on a line of their own; what is inline has the place of its line."""
    places: dict[Pointer, Place] = {(): Place(0, 0)}
    table: Pointer = ()
    counts: dict[Pointer, int] = {}
    for start, line in zip(line_starts(text), text.split("\n"), strict=False):
        if header := _TABLE.match(line):
            table = _table_pointer(header, counts)
            places.setdefault(table, Place(start, start))
        elif key := _KEY.match(line):
            pointer = (*table, *_split(key[1]))
            places.setdefault(pointer, Place(start + key.end(), start + key.start(1)))
    return places


def _table_pointer(header: re.Match[str], counts: dict[Pointer, int]) -> Pointer:
    pointer: Pointer = ()
    names = _split(header[2])
    for depth, name in enumerate(names, start=1):
        pointer = (*pointer, name)
        if depth == len(names) and header[1] == "[[":
            counts[pointer] = counts.get(pointer, -1) + 1
        if pointer in counts:
            pointer = (*pointer, counts[pointer])
    return pointer


def _split(dotted: str) -> Pointer:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
