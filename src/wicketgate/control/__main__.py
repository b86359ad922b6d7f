"""`python -m wicketgate.control`: the control plane, started by `wicket run` and by nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from wicketgate.broker.broker import Broker
from wicketgate.broker.registry import open_source
from wicketgate.broker.source import NoIssuer, ShownPair, Surroundings
from wicketgate.certificates import Certificates, open_certificates
from wicketgate.compile import compile_project, system_roots
from wicketgate.control.acme import AcmeKeeper, AcmeSettings
from wicketgate.control.credentials import CredentialKeeper
from wicketgate.control.fixed import Fixed
from wicketgate.control.issuer import IssuerKeeper
from wicketgate.control.key_files import KeyFiles
from wicketgate.control.makings import Ingredients, Makings, machine_facts
from wicketgate.control.plane import ControlPlane
from wicketgate.control.private_authority import AuthorityKeeper
from wicketgate.control.remembered import Remembered
from wicketgate.control.settings import ControlSettings, Sockets, parse_arguments
from wicketgate.control.steady_clock import SteadyClock
from wicketgate.control.texts import VariableTexts
from wicketgate.control.variables import Variables
from wicketgate.errors import ProjectRefused, WicketError
from wicketgate.spec.variables import VariableLookup
from wicketgate.supervise.log import log_to_stderr
from wicketgate.supervise.settings import read_installation
from wicketgate.variables import open_variables
from wicketgate.variables.live import KEY_VARIABLE

if TYPE_CHECKING:
    from wicketgate.store import Database
    from wicketgate.store.issuer_keys import IssuerKeys


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
    variables = open_variables(settings.project, state=settings.state, environment=settings.environment)
    issuer = _issuer(settings)
    return ControlPlane(
        settings,
        Sockets.inherited(settings.descriptors),
        variables,
        certificates,
        AuthorityKeeper(certificates.database),
        _acme(settings, variables),
        _credentials(settings, variables, certificates, issuer),
        issuer,
        lambda values: compile_project(
            settings.project,
            variables=values.variables,
            certificates=values.certificates,
            listen=settings.listen,
        ),
        Fixed(settings.project),
    )


def _credentials(
    settings: ControlSettings, variables: Variables, certificates: Certificates, issuer: IssuerKeeper | None
) -> CredentialKeeper:
    texts, key_pair = VariableTexts(variables), partial(_shown, certificates)
    surroundings = Surroundings(
        texts,
        issuer or NoIssuer(),
        key_pair,
        system_roots(),
        time.time,
        settings.project,
        os.environ,
    )
    speaks_as = issuer.speaks_as if issuer else tuple
    makings = Makings(Ingredients(texts, key_pair, speaks_as, machine_facts(os.environ)))
    remembered = Remembered(
        settings.run.path / "credentials.sealed", state=settings.state, key=os.environ.get(KEY_VARIABLE)
    )
    broker = Broker(makings.noted(partial(open_source, surroundings=surroundings)), clock=time.time)
    return CredentialKeeper(broker, makings, KeyFiles(settings.run), remembered)


def _shown(certificates: Certificates, name: str) -> ShownPair:
    pair = certificates.key_pair(name)
    if pair is None:
        raise WicketError(f"the certificate {name} is not there or not enabled", hint="see `wicket cert list`")
    return ShownPair(pair.chain, pair.key)


def _issuer(settings: ControlSettings) -> IssuerKeeper | None:
    """What `[issuer]` says when the control plane starts holds until it ends."""
    section = read_installation(settings.project).issuer
    if section is None:
        return None
    key = os.environ.get(KEY_VARIABLE)
    clock = SteadyClock()
    opened: list[IssuerKeys] = []

    def keys() -> IssuerKeys:
        from wicketgate.store import open_database
        from wicketgate.store.issuer_keys import IssuerKeys

        if not opened:
            opened.append(IssuerKeys(open_database(settings.state, key=key, clock=clock), settings.environment))
        return opened[0]

    return IssuerKeeper(section, keys, project=settings.project.name)


def _acme(settings: ControlSettings, variables: VariableLookup) -> AcmeKeeper | None:
    """What `[acme]` says when the control plane starts holds until it ends."""
    section = read_installation(settings.project).acme
    if section is None:
        return None
    trust = settings.project / section.ca if section.ca else system_roots()
    key = os.environ.get(KEY_VARIABLE)
    return AcmeKeeper(
        AcmeSettings(section, trust, settings.environment), partial(_database, settings.state, key), variables
    )


def _database(state: Path, key: str | None) -> Database:
    from wicketgate.store import open_database

    return open_database(state, key=key)


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
