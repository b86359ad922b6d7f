"""Project folder in, Envoy resources out: the composition that CLI, control plane and tests all call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from wicketgate.diagnostics import Diagnostic
from wicketgate.envoy.resources import EnvoyResources
from wicketgate.secret_value import SecretValue
from wicketgate.spec.installation import Installation


class Secrecy(StrEnum):
    """What is known of a variable's confidentiality; UNMARKED is treated as secret wherever that is possible."""

    SECRET = "secret"  # noqa: S105
    PLAIN = "plain"
    UNMARKED = "unmarked"


class Variable(Protocol):
    @property
    def value(self) -> SecretValue: ...
    @property
    def secrecy(self) -> Secrecy: ...


class VariableLookup(Protocol):
    def lookup(self, name: str) -> Variable | None: ...
    def names(self) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class Compiled:
    """`resources` is None when a diagnostic is an error."""

    installation: Installation | None
    resources: EnvoyResources | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return self.resources is not None


def compile_project(folder: Path, *, variables: VariableLookup, listen: tuple[str, ...] = ()) -> Compiled:
    """Compile the project in `folder`. `listen` (`ADDR:PORT`) replaces the listeners of `wicket.toml`.

    Never raises for what a user wrote: every such fault is a diagnostic.
    """
    raise NotImplementedError
