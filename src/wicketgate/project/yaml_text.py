"""YAML as a way to write JSON: built from libyaml's events, so that nothing recurses and no tag runs code.

Scalars follow the YAML 1.2 JSON schema (https://yaml.org/spec/1.2.2/#102-json-schema) with 1.2 core booleans, so
`on`, `no` and `1:30` stay the strings that the author wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from wicketgate.json_types import Json
from wicketgate.project.document import DocumentError, Place, Pointer
from wicketgate.project.json_text import MAX_DEPTH, nests_deeper_than, too_deep

MAX_COPIED = 1_000_000
"""Values that the aliases of a document may stand for: a few lines of aliases of aliases can stand for billions."""

_Loader = getattr(yaml, "CLoader", yaml.Loader)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    word: value for value in (True, False) for word in (str(value).lower(), str(value), str(value).upper())
}


def parse_yaml(text: str) -> Json:
    """Parse one YAML document. Raises `DocumentError`."""
    return _build(text).root


def locate_yaml(text: str) -> dict[Pointer, Place]:
    """Find the offsets of every value in a text that `parse_yaml` accepted."""
    return _build(text).places


def _build(text: str) -> _Builder:
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise DocumentError(
            "not-yaml",
            f"this is not YAML: {error.problem or error.context or 'it cannot be read'}",
            offset=getattr(error.problem_mark or error.context_mark, "index", 0),
            hint="check the indentation and the quotes around here",
        ) from None
    except yaml.reader.ReaderError as error:
        raise DocumentError(
            "not-yaml",
            f"this is not YAML: {error.reason}",
            offset=error.position,
            hint="remove this character",
        ) from None
    if builder.copied and nests_deeper_than(MAX_DEPTH, builder.root):
        raise too_deep()
    return builder


@dataclass
class _Frame:
    value: dict[str, Json] | list[Json]
    pointer: Pointer
    anchor: str | None
    key: tuple[str, int] | None = None
    weight: int = 1
    """Values in it, itself included."""


@dataclass
class _Builder:
    root: Json = None
    places: dict[Pointer, Place] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0
    anchors: dict[str, tuple[Json, int]] = field(default_factory=dict)
    """What an alias stands for, and its weight. A value that is not closed yet is not here: none holds itself."""
    copied: int = 0

    def take(self, event: Any) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self._document(event)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.MappingStartEvent():
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.ScalarEvent():
                self._scalar(event)

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise DocumentError(
                "not-yaml",
                "a second document starts here",
                offset=_offset(event),
                hint="put each document into a file of its own",
            )

    def _open(self, value: dict[str, Json] | list[Json], event: Any) -> None:
        offset = _offset(event)
        if len(self.stack) >= MAX_DEPTH:
            raise too_deep()
        if self._wants_key:
            raise DocumentError(
                "not-yaml", "a key must be a word", offset=offset, hint="write the key as a plain string"
            )
        pointer = self._put(value, offset)
        self.stack.append(_Frame(value, pointer, event.anchor))

    def _close(self) -> None:
        frame = self.stack.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, frame.weight)
        self._weigh(frame.weight)

    def _alias(self, event: Any) -> None:
        """Put in the value itself, not a copy: nothing changes a document once it is read."""
        offset = _offset(event)
        if event.anchor not in self.anchors:
            raise _bad_alias(f"`*{event.anchor}` stands for nothing that is complete before it", offset)
        value, weight = self.anchors[event.anchor]
        self.copied += weight
        if self.copied > MAX_COPIED:
            raise _bad_alias(f"aliases stand for more than {MAX_COPIED:,} values here", offset)
        if not self._wants_key:
            self._put(value, offset)
            self._weigh(weight)
        elif isinstance(value, str):
            self._key(value, offset)
        else:
            raise _bad_alias("a key must be a word", offset)

    def _weigh(self, weight: int) -> None:
        if self.stack:
            self.stack[-1].weight += weight

    def _scalar(self, event: Any) -> None:
        offset = _offset(event)
        value = event.value if self._wants_key else _scalar_value(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1)
        if self._wants_key:
            self._key(value, offset)
        else:
            self._put(value, offset)
            self._weigh(1)

    @property
    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _key(self, key: str, offset: int) -> None:
        frame = self.stack[-1]
        if key == "<<":
            raise _bad_alias("`<<` merges nothing: YAML 1.2 has no merge keys", offset)
        if key in frame.value:
            raise DocumentError(
                "duplicate-key", f"the key `{key}` stands twice", offset=offset, hint="keep one of the two"
            )
        frame.key = (key, offset)

    def _put(self, value: Json, offset: int) -> Pointer:
        if not self.stack:
            self.root = value
            self.places[()] = Place(offset, offset)
            return ()
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            pointer = (*frame.pointer, len(frame.value))
            frame.value.append(value)
            self.places[pointer] = Place(offset, offset)
            return pointer
        return self._put_key(frame, frame.value, value, offset)

    def _put_key(self, frame: _Frame, into: dict[str, Json], value: Json, offset: int) -> Pointer:
        if frame.key is None:
            raise DocumentError("not-yaml", "a value without a key", offset=offset)
        key, key_offset = frame.key
        pointer = (*frame.pointer, key)
        into[key] = value
        frame.key = None
        self.places[pointer] = Place(offset, key_offset)
        return pointer


def _offset(event: Any) -> int:
    return int(event.start_mark.index)


def _scalar_value(event: Any) -> Json:
    text: str = event.value
    if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
        raise DocumentError(
            "not-yaml",
            f"the tag `{event.tag}` is not supported",
            offset=_offset(event),
            hint="write a plain value",
        )
    if event.tag is not None or not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 20 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _bad_alias(message: str, offset: int) -> DocumentError:
    return DocumentError("yaml-alias", message, offset=offset, hint="write the value out, or use a `$ref`")
