"""`$ref` (RFC 6901 pointers in OpenAPI): followed where the gateway reads, and refused where it goes round."""

from __future__ import annotations

from wicketgate.diagnostics import Diagnostics
from wicketgate.json_types import Json
from wicketgate.project.document import Document, Pointer


def follow(document: Document, pointer: Pointer, item: Json, diagnostics: Diagnostics) -> tuple[Pointer, Json]:
    """Follow the references from `item` to what is none. Returns None as the item after an error."""
    seen = [pointer]
    while isinstance(item, dict) and isinstance(reference := item.get("$ref"), str):
        target = _local(reference)
        if target is None:
            _error(document, pointer, "ref-external", f"`{reference}` leads out of this document", diagnostics)
            return pointer, None
        found, item = _lookup(document.value, target)
        if not found:
            _error(document, pointer, "ref-dangling", f"`{reference}` leads nowhere", diagnostics)
            return pointer, None
        if target in seen:
            _error(document, pointer, "ref-cycle", f"`{reference}` leads back to itself", diagnostics)
            return pointer, None
        seen.append(target)
        pointer = target
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


def _local(reference: str) -> Pointer | None:
    if not reference.startswith("#/"):
        return None
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))


def _lookup(value: Json, pointer: Pointer) -> tuple[bool, Json]:
    for part in pointer:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and str(part).isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False, None
    return True, value


def _error(document: Document, pointer: Pointer, code: str, message: str, diagnostics: Diagnostics) -> None:
    span = document.span((*pointer, "$ref"))
    diagnostics.error(code, span, message, hint="point to a part of this document that is written out")
