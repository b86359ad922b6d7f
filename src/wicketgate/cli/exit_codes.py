"""What the exit code of `wicket` says. Scripts rely on it."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    GOOD = 0
    """It worked, and what was asked about is good."""
    NOT_GOOD = 1
    """It worked, and the answer is no: errors in the project, a difference, an origin that is not sealed."""
    USAGE = 2
    """The command line is wrong: unknown option, missing argument, bad value."""
    ENVIRONMENT = 3
    """The machine is in the way: a file, a port, a permission, a program, or no gateway that runs."""
    DEFECT = 70
    """A fault of Wicketgate's own (`EX_SOFTWARE` of sysexits.h); please report it."""
    INTERRUPTED = 130
    """Ended by Ctrl-C."""
