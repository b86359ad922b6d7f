"""`wicket demo`: the shared-secret recipe on real sockets."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wicketgate.cli.exit_codes import ExitCode
from wicketgate.cli.workspace import session_of

if TYPE_CHECKING:
    from wicketgate.demo.attempts import Finding
    from wicketgate.demo.show import Stage


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Exit with the verdict: 0 sealed, 1 not.")] = False,
) -> None:
    """Start a guarded origin and the gateway, and try to get past them.

    Direct calls first, then forged copies of the secret header through the gateway. Runs until Ctrl-C.
    """
    from wicketgate.demo.show import find

    _end_on_sigterm()
    with _stage(context) as stage:
        findings = [_show(finding) for finding in find(stage)]
        sealed = all(finding.good for finding in findings)
        _print_verdict(findings)
        if sealed and not once:
            _stay(stage)
    if not sealed:
        raise typer.Exit(ExitCode.NOT_GOOD)


@contextmanager
def _stage(context: typer.Context) -> Iterator[Stage]:
    """Set the stage; what a gateway that does not start has to say goes to standard error."""
    from wicketgate.demo.processes import StartError
    from wicketgate.demo.show import set_stage

    try:
        with set_stage(session_of(context).environ) as stage:
            yield stage
    except StartError as error:
        typer.echo(error.log, err=True)
        raise


def _show(finding: Finding) -> Finding:
    mark = "ok  " if finding.good else "FAIL"
    attempt = finding.attempt
    line = f"{mark}  {attempt.title:<30}  {finding.seen}"
    typer.echo(line if finding.good else f"{line}  (expected: {attempt.expectation})")
    return finding


def _print_verdict(findings: list[Finding]) -> None:
    bad = sum(1 for finding in findings if not finding.good)
    typer.echo(f"\nnot sealed: {bad} of {len(findings)} attempts" if bad else f"\nsealed: {len(findings)} attempts")


def _stay(stage: Stage) -> None:
    from wicketgate.demo.show import PATH, url_of

    typer.echo(f"\ngateway  curl -i {url_of(stage.gateway)}{PATH}")
    typer.echo(f"origin   curl -i {url_of(stage.origin)}{PATH}")
    typer.echo(f"project  {stage.project}\nCtrl-C ends it")
    try:
        signal.pause()
    except KeyboardInterrupt:
        typer.echo("")


def _end_on_sigterm() -> None:
    """Treat SIGTERM as Ctrl-C, so that the children and the secret are cleaned up."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
