"""`python -m wicketgate.control`: the control plane, started by `wicket run` and by nothing else."""

from __future__ import annotations

import asyncio
import sys

from wicketgate.certificates import open_certificates
from wicketgate.compile import compile_project
from wicketgate.control.plane import ControlPlane
from wicketgate.control.private_authority import AuthorityKeeper
from wicketgate.control.settings import ControlSettings, Sockets, parse_arguments
from wicketgate.errors import ProjectRefused, WicketError
from wicketgate.supervise.log import log_to_stderr
from wicketgate.supervise.settings import read_installation
from wicketgate.variables import open_variables


def main() -> int:
    settings = parse_arguments(sys.argv[1:])
    log_to_stderr(read_installation(settings.project).log.level)
    try:
        asyncio.run(_plane(settings).run())
    except WicketError as error:
        _explain(error)
        return error.exit_code
    return 0


def _plane(settings: ControlSettings) -> ControlPlane:
    certificates = open_certificates(state=settings.state, environment=settings.environment)
    return ControlPlane(
        settings,
        Sockets.inherited(settings.descriptors),
        open_variables(settings.project, state=settings.state, environment=settings.environment),
        certificates,
        AuthorityKeeper(certificates.database),
        lambda values: compile_project(
            settings.project, variables=values.variables, certificates=values.certificates, listen=settings.listen
        ),
    )


def _explain(error: WicketError) -> None:
    for item in error.diagnostics if isinstance(error, ProjectRefused) else ():
        print(f"{item.span}: {item.severity}: {item.message} [{item.code}]", file=sys.stderr)
        if item.hint:
            print(f"    {item.hint}", file=sys.stderr)
    print(f"error: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
