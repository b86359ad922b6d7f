"""The commands by name, each loaded when it is asked for: to build all of them takes longer than most take to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
import typer.main

from wicketgate.cli.endings import PoliteGroup

_COMMANDS = {
    "init": "init:init",
    "check": "check:check",
    "run": "run:run",
    "dev": "dev:dev",
    "reload": "reload:reload",
    "status": "status:status",
    "demo": "demo:demo",
    "routes": "routes:routes",
    "explain": "explain:explain",
    "compile": "compile:compile_",
    "diff": "diff:diff",
    "env": "env:app",
    "ca": "ca:app",
    "cert": "cert:app",
    "mtls-certificate": "mtls_certificate:app",
    "ca-certificate": "ca_certificate:app",
    "credentials": "credentials:credentials",
    "issuer": "issuer:app",
    "federate": "federate:federate",
    "guard": "guard:guard",
    "doctor": "doctor:doctor",
    "version": "version:version",
}
"""In the order of `wicket --help`: the module here, and in it a function or a `typer.Typer` of several."""


class CommandTable(Mapping[str, Any]):
    """Commands as Typer makes them. Names are known without loading anything."""

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, _COMMANDS[name])
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class CommandGroup(PoliteGroup):
    """The group of all commands."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(Any, CommandTable())


def _load(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"wicketgate.cli.{module}"), attribute)
    parent = typer.Typer(rich_markup_mode=None)
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name)(found)
    return typer.main.get_group(parent).commands[name]
