"""Validate: documents become a `ProjectSpec`; every fault of every file is reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from wicketgate.diagnostics import Diagnostics, nearest
from wicketgate.project.document import Document, Pointer
from wicketgate.project.load import Documents
from wicketgate.spec.check import validated
from wicketgate.spec.env_places import check_env_places
from wicketgate.spec.installation import Installation
from wicketgate.spec.located import Located
from wicketgate.spec.openapi import Operation, operations
from wicketgate.spec.origins_file import Network, Origin, OriginsFile
from wicketgate.spec.policies_file import CorsPolicyEntry, PolicyEntry
from wicketgate.spec.variables import VariableScope

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """What the user wrote, as frozen types. Names are not met yet."""

    documents: Documents
    installation: Installation | None
    operations: tuple[Operation, ...]
    policies: tuple[Located[PolicyEntry], ...]
    cors_policies: tuple[Located[CorsPolicyEntry], ...]
    origins: tuple[Located[Origin], ...]
    networks: tuple[Network, ...]


def validate_project(documents: Documents, scope: VariableScope, diagnostics: Diagnostics) -> ProjectSpec:
    """Parse every document into the types of this package."""
    check_env_places(documents, diagnostics)
    origins, networks = _origins(documents.origins, diagnostics)
    return ProjectSpec(
        documents=documents,
        installation=_installation(documents.installation, diagnostics),
        operations=tuple(op for document in documents.routes for op in operations(document, diagnostics)),
        policies=tuple(_entries(documents.policies, "policies", PolicyEntry, None, diagnostics)),
        cors_policies=tuple(_entries(documents.policies, "corsPolicies", CorsPolicyEntry, scope, diagnostics)),
        origins=origins,
        networks=networks,
    )


def _installation(document: Document | None, diagnostics: Diagnostics) -> Installation | None:
    if document is None:
        return Installation()
    return validated(Installation, document.value, document=document, pointer=(), scope=None, diagnostics=diagnostics)


def _origins(
    document: Document | None, diagnostics: Diagnostics
) -> tuple[tuple[Located[Origin], ...], tuple[Network, ...]]:
    if document is None:
        return (), ()
    spec = validated(OriginsFile, document.value, document=document, pointer=(), scope=None, diagnostics=diagnostics)
    if spec is None:
        return (), ()
    located = tuple(Located(origin, document, ("origins", index)) for index, origin in enumerate(spec.origins))
    _unique(located, "duplicate-origin", diagnostics)
    return located, spec.networks


def _entries(
    document: Document | None, key: str, model: type[M], scope: VariableScope | None, diagnostics: Diagnostics
) -> Iterator[Located[M]]:
    if document is None or not _policies_shape(document, key, diagnostics):
        return
    found: list[Located[M]] = []
    for index, value in enumerate(document.value.get(key, [])):
        pointer: Pointer = (key, index)
        entry = validated(model, value, document=document, pointer=pointer, scope=scope, diagnostics=diagnostics)
        if entry is not None:
            found.append(Located(entry, document, pointer))
    _unique(found, "duplicate-policy", diagnostics)
    yield from found


def _policies_shape(document: Document, key: str, diagnostics: Diagnostics) -> bool:
    value = document.value
    if not isinstance(value, dict):
        diagnostics.error("wrong-value", document.span(), "policies.json holds an object", hint='{ "policies": [] }')
        return False
    for unknown in value.keys() - {"policies", "corsPolicies"} if key == "policies" else ():
        hint = nearest(unknown, ("policies", "corsPolicies"))
        diagnostics.error("unknown-key", document.span((unknown,), key=True), f"unknown key `{unknown}`", hint=hint)
    if not isinstance(value.get(key, []), list):
        diagnostics.error("wrong-value", document.span((key,)), f"`{key}` must be a list", hint="put it in [ ]")
        return False
    return True


def _unique(entries: list[Located[Any]] | tuple[Located[Any], ...], code: str, diagnostics: Diagnostics) -> None:
    first: dict[str, Located[Any]] = {}
    for entry in entries:
        earlier = first.setdefault(entry.value.name, entry)
        if earlier is not entry:
            diagnostics.error(
                code,
                entry.span("name"),
                f"the name `{entry.value.name}` is taken by {earlier.span('name')}",
                hint="names are unique: choose another",
            )
