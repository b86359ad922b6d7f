"""The page of the commands, from the command line itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer.main

from wicketgate.cli.app import app
from wicketgate.cli.exit_codes import ExitCode
from wicketgate.reference.enum_docs import member_texts

_HEAD = """\
# Commands

Commands about a project take `--project DIR` (also before the command); without it the current folder is the
project. What a running gateway keeps lives in `DIR/.wicket/`, or where `--state` or `WICKET_STATE` says.
`WICKET_ENVIRONMENT` is the default of `--environment`. Without a terminal, or with `NO_COLOR`, tables are lines
with tabs between the cells and without headings; `--format json` is for programs.
`wicket --install-completion` sets up the shell's completion.
"""


def commands_page() -> str:
    """Return the page."""
    root = typer.main.get_command(app)
    return "\n\n".join([_HEAD.rstrip(), _exit_codes(), *_commands(root, "wicket")]) + "\n"


def _exit_codes() -> str:
    texts = member_texts(ExitCode)
    rows = [f"| {code.value} | {texts[code.name]} |" for code in ExitCode]
    return "\n".join(["## Exit codes", "", "| code | meaning |", "|---|---|", *rows])


def _commands(group: Any, prefix: str) -> Iterator[str]:
    for name, command in group.commands.items():
        full = f"{prefix} {name}"
        if hasattr(command, "commands"):
            yield from _commands(command, full)
        else:
            yield _command(full, command)


def _command(name: str, command: Any) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and not param.hidden]
    usage = " ".join([name, *(_argument(param) for param in arguments)])
    parts = [f"## {usage}", inspect.cleandoc(command.help or "")]
    if rows := [_row(param) for param in (*arguments, *options)]:
        parts.append("\n".join(["| | |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _argument(param: Any) -> str:
    name = param.metavar or param.name.upper()
    return name if param.required else f"[{name}]"


def _row(param: Any) -> str:
    text = (param.help or "").replace("|", "\\|")
    if param.param_type_name == "argument":
        return f"| `{param.metavar or param.name.upper()}` | {text} |"
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    value = "" if param.is_flag else f" {_value(param)}"
    return f"| {names}{value} | {text}{_default(param)} |"


def _value(param: Any) -> str:
    kind = param.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " \\| ".join(f"`{choice.value}`" for choice in kind)
    return f"`{param.metavar or kind.__name__.upper()}`"


def _default(param: Any) -> str:
    default = getattr(param.default, "value", param.default)
    if param.is_flag or default in (None, "", (), []):
        return ""
    return f" Default: `{default}`."
