"""The printed configurations for mutual TLS, each under its real server."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.guards.mtls.credentials import GATEWAY, Credentials
from tests.guards.stands.base import free_port, running
from tests.guards.stands.frameworks import express_folder
from tests.guards.stands.origin import origin
from tests.guards.stands.proxies import COMMAND, PROXIES, run_commands
from wicketgate.guards.mtls import MtlsConfig, render_mtls

_APPS = Path(__file__).with_name("apps")

# Old protocols are refused by the printed text, not by what this machine's OpenSSL happens to forbid.
_OPENSSL = """\
openssl_conf = init
nodejs_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = lenient
[lenient]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""

Amend = Callable[[str, int], str]
"""What a test does to the printed text before it runs, given the port."""


@dataclass(frozen=True, slots=True)
class MtlsStand:
    """How to run one server in the foreground on a printed configuration."""

    name: str
    saved_as: str
    command: Callable[[Path], Sequence[str]]
    runs_application: bool = False

    reads_crl: bool = True

    @contextmanager
    def __call__(
        self,
        folder: Path,
        credentials: Credentials,
        *,
        san: str = f"URI:{GATEWAY}",
        crl: bool = True,
        amend: Amend | None = None,
    ) -> Iterator[int]:
        with origin() as upstream:
            port = free_port()
            files = _files(folder, credentials, crl=crl and self.reads_crl)
            behind = None if self.runs_application else f"127.0.0.1:{upstream}"
            text = render_mtls(self.name, MtlsConfig(san=san, listen=f"127.0.0.1:{port}", upstream=behind, **files))
            (folder / self.saved_as).write_text(amend(text, port) if amend else text)
            _run_printed_commands(folder, text)
            with running(self.command(folder), port=port, folder=folder, environ=_environ(folder)):
                yield port


def _files(folder: Path, credentials: Credentials, *, crl: bool) -> dict[str, str]:
    sources = {"ca": credentials.ca, "certificate": credentials.server.certificate, "key": credentials.server.key}
    if crl:
        sources["crl"] = credentials.crl
    return {name: str(shutil.copy(source, folder / f"{name}.pem")) for name, source in sources.items()}


def _run_printed_commands(folder: Path, text: str) -> None:
    (folder / "ssl.conf").write_text("\tSSLSessionCache shmcb:cache(512000)\n")
    commands = [command.replace("/etc/apache2/mods-available", str(folder)) for command in COMMAND.findall(text)]
    run_commands(folder, commands, "")


def _environ(folder: Path) -> Mapping[str, str]:
    (folder / "openssl.cnf").write_text(_OPENSSL)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "APACHE_LOG_DIR": str(folder),
        "OPENSSL_CONF": str(folder / "openssl.cnf"),
        "SEEN": str(folder / "seen"),
    }


def _python(saved_as: str) -> Callable[[Path], Sequence[str]]:
    def command(folder: Path) -> Sequence[str]:
        shutil.copy(_APPS / "tell.py", folder)
        return [sys.executable, saved_as, "tell:application"]

    return command


def _node(folder: Path) -> Sequence[str]:
    (folder / "node_modules").symlink_to(express_folder(folder.parent) / "node_modules")
    return ["node", str(shutil.copy(_APPS / "tell.js", folder))]


_PROXIES = tuple(
    MtlsStand(proxy.name, proxy.saved_as, proxy.command, reads_crl=proxy.name != "caddy") for proxy in PROXIES
)
_RUNNERS = (
    MtlsStand("hypercorn", "wicketgate_hypercorn.py", _python("wicketgate_hypercorn.py"), runs_application=True),
    MtlsStand("node", "wicketgate-guard.js", _node, runs_application=True),
    MtlsStand("uvicorn", "wicketgate_uvicorn.py", _python("wicketgate_uvicorn.py"), runs_application=True),
)

MTLS_STANDS: Mapping[str, MtlsStand] = {stand.name: stand for stand in (*_PROXIES, *_RUNNERS)}
