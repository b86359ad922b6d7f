"""`$ref` (RFC 6901 pointers in OpenAPI): followed where the gateway reads, and refused where it goes round."""

from __future__ import annotations

import re
from urllib.parse import unquote

from wicketgate.diagnostics import Diagnostics
from wicketgate.json_types import Json
from wicketgate.project.document import Document, Pointer

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


MAX_HOPS = 50
"""References that lead to references. Nobody writes as many: what has more goes round, or is made to cost time."""


def follow(document: Document, pointer: Pointer, item: Json, diagnostics: Diagnostics) -> tuple[Pointer, Json]:
    """Follow the references from `item` to what is none. Returns None as the item after an error."""
    seen = {pointer}
    while isinstance(item, dict) and isinstance(reference := item.get("$ref"), str):
        path = _local(reference)
        target = _lookup(document.value, path) if path is not None else None
        if path is None:
            _error(document, pointer, "ref-external", f"`{reference}` leads out of this document", diagnostics)
        elif target is None:
            _error(document, pointer, "ref-dangling", f"`{reference}` leads nowhere", diagnostics)
        elif target[0] in seen or len(seen) > MAX_HOPS:
            what = "back to itself" if target[0] in seen else f"through more than {MAX_HOPS} others"
            _error(document, pointer, "ref-cycle", f"`{reference}` leads {what}", diagnostics)
            target = None
        if target is None:
            return pointer, None
        pointer, item = target
        seen.add(pointer)
    return pointer, item


def check_references(document: Document, diagnostics: Diagnostics) -> None:
    """Report components that are nothing but references going round. A schema may refer to itself from within."""
    components = document.value.get("components")
    if not isinstance(components, dict):
        return
    for section, entries in components.items():
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if isinstance(entry, dict) and isinstance(entry.get("$ref"), str) and _local(entry["$ref"]):
                follow(document, ("components", section, name), entry, diagnostics)


def _local(reference: str) -> tuple[str, ...] | None:
    """Split the fragment of a reference (RFC 6901, section 6: percent-encoded) into its parts."""
    if not reference.startswith("#/"):
        return None
    return tuple(unquote(part).replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def _lookup(value: Json, path: tuple[str, ...]) -> tuple[Pointer, Json] | None:
    pointer: Pointer = ()
    for part in path:
        if isinstance(value, dict) and part in value:
            key: str | int = part
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            key = int(part)
        else:
            return None
        value = value[key]
        pointer = (*pointer, key)
    return pointer, value


def _error(document: Document, pointer: Pointer, code: str, message: str, diagnostics: Diagnostics) -> None:
    span = document.span((*pointer, "$ref"))
    diagnostics.error(code, span, message, hint="point to a part of this document that is written out")
