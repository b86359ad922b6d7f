"""How a command ends that does not end well: one line and a hint, never a traceback nobody asked for."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.terminal import print_problem
from wicketgate.cli.workspace import MachineError, Session
from wicketgate.errors import WicketError


class PoliteGroup(TyperGroup):
    """Turns what a command raises into messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException):
            raise
        except WicketError as error:
            print_problem(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except BrokenPipeError:
            _let_go_of_stdout()
            raise typer.Exit(ExitCode.GOOD) from None
        except OSError as error:
            print_problem(_machine_problem(error))
            raise typer.Exit(ExitCode.ENVIRONMENT) from None
        except Exception as error:
            _report_defect(error, debug=isinstance(ctx.obj, Session) and ctx.obj.debug)
            raise typer.Exit(ExitCode.DEFECT) from None


def _let_go_of_stdout() -> None:
    """The reader of the pipe has gone (`wicket routes | head`): what is left to flush has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _machine_problem(error: OSError) -> MachineError:
    place = f"{error.filename}: " if error.filename else ""
    return MachineError(f"{place}{error.strerror or error}", hint="check the path, its permissions and the disk")


def _report_defect(error: Exception, *, debug: bool) -> None:
    """Name the fault without its text: that of an unforeseen exception may hold anything, a secret too."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    message = f"Wicketgate failed: {type(error).__name__} at {place}"
    hint = "this is a fault of ours: run `wicket --debug …` and report what it prints"
    print_problem(WicketError(message, hint="report this with the lines below" if debug else hint))
    if debug:
        traceback.print_tb(error.__traceback__)
