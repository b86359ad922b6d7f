"""`$env(NAME)` outside options is an error: nobody would replace it there (reference, environment variables)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wicketgate.diagnostics import Diagnostics
from wicketgate.json_types import Json
from wicketgate.project.document import Document, Pointer
from wicketgate.project.load import Documents
from wicketgate.spec.variables import ENV_CALL


def check_env_places(documents: Documents, diagnostics: Diagnostics) -> None:
    """Report each `$env(` that stands where it is not read."""
    for document in documents.routes:
        _check(document, _in_handler_options, diagnostics)
    if documents.policies is not None:
        _check(documents.policies, _in_policy_options, diagnostics)
    for other in (documents.origins, documents.installation):
        if other is not None:
            _check(other, _nowhere, diagnostics)


def _check(document: Document, allowed: Callable[[Pointer], bool], diagnostics: Diagnostics) -> None:
    # An escape may hide it from a look at the text: `\u0024env(` in JSON, `\x24env(` in YAML.
    if ENV_CALL not in document.text and "\\" not in document.text:
        return
    for pointer, text in strings(document.value):
        if ENV_CALL in text and not allowed(pointer):
            diagnostics.error(
                "env-unexpected",
                document.span(pointer),
                "an $env() statement is not expected at this location",
                hint="it is read in options of policies and handlers and in corsPolicies only",
            )


def _nowhere(_: Pointer) -> bool:
    return False


def _in_handler_options(pointer: Pointer) -> bool:
    return any(
        part in ("x-zuplo-route", "x-wicket-route") and pointer[index + 1 : index + 3] == ("handler", "options")
        for index, part in enumerate(pointer)
    )


def _in_policy_options(pointer: Pointer) -> bool:
    if pointer[:1] == ("corsPolicies",):
        return pointer[2:3] != ("name",)
    return pointer[:1] == ("policies",) and pointer[2:4] == ("handler", "options")


def strings(value: Json) -> Iterator[tuple[Pointer, str]]:
    """Walk every string (keys too) of a JSON value, without recursion."""
    pending: list[tuple[Pointer, Json]] = [((), value)]
    while pending:
        pointer, item = pending.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, dict):
            yield from (((*pointer, key), key) for key in item if ENV_CALL in key)
            pending += [((*pointer, key), child) for key, child in item.items()]
        elif isinstance(item, list):
            pending += [((*pointer, index), child) for index, child in enumerate(item)]
