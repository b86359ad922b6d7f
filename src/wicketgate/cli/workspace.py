"""Which project a command is about, and where its state lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.errors import WicketError

STATE_VARIABLE = "WICKET_STATE"
ENVIRONMENT_VARIABLE = "WICKET_ENVIRONMENT"


class MachineError(WicketError):
    """Something about this machine, not about the project."""

    exit_code = ExitCode.ENVIRONMENT


ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", metavar="DIR", help="The project folder (default: the current one)."),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        "--state-dir",
        metavar="DIR",
        help="Where the gateway keeps its state (default: DIR/.wicket).",
    ),
]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="Whose variables to use: production, preview, development.",
    ),
]
EnvironmentsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="Of which environment; repeatable. The default is production."
    ),
]


@dataclass(frozen=True, slots=True)
class Session:
    """What stands before the command: global options, and the environment of the process."""

    environ: Mapping[str, str] = field(repr=False)
    project: Path | None = None
    state: Path | None = None
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of the project and of its state, and the environment of the process."""

    project: Path
    state: Path
    environ: Mapping[str, str] = field(repr=False)

    def environment(self, asked: str | None, *, default: str = "production") -> str:
        """Return the name of the environment whose variables count."""
        return asked or self.environ.get(ENVIRONMENT_VARIABLE) or default

    def environments(self, asked: list[str] | None) -> tuple[str, ...]:
        """Return the names of the environments that a change is about, each once."""
        return tuple(dict.fromkeys(asked or [self.environment(None)]))


def open_workspace(context: typer.Context, project: Path | None, state: Path | None) -> Workspace:
    """Settle the folders: the command's option, then the global one, then the environment, then the default.

    Raises `MachineError` when the project is not a folder.
    """
    session = session_of(context)
    folder = project or session.project or Path()
    if not folder.is_dir():
        raise MachineError(
            f"{folder} is not a folder", hint="name the project with --project, or make one: wicket init DIR"
        )
    named = session.environ.get(STATE_VARIABLE)
    chosen = state or session.state or (Path(named) if named else folder / ".wicket")
    return Workspace(project=folder, state=chosen, environ=session.environ)


def session_of(context: typer.Context) -> Session:
    """Return what `wicket` itself was given."""
    return context.ensure_object(Session)
