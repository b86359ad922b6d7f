"""nginx that demands a client certificate, and says whose it saw."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.guards.stands.base import free_port
from tests.live.conftest import until
from tests.support.certificates import Authority

_CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
daemon off;
events {{ worker_connections 512; }}
http {{
    log_format serials '$ssl_client_serial $ssl_client_verify $status';
    access_log {folder}/access.log serials;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_client_certificate {folder}/clients.pem;
        ssl_verify_client on;
        ssl_verify_depth 2;
        ssl_session_tickets off;
        ssl_session_cache off;
        keepalive_requests 1000000;
        keepalive_timeout 600;
        location / {{ return 200 "hello"; }}
    }}
}}
"""


@dataclass(frozen=True)
class MutualOrigin:
    """`roots` is the PEM file of what its own certificate is verified by."""

    port: int
    roots: Path
    folder: Path
    process: subprocess.Popen[bytes]

    def trust(self, bundle: str) -> None:
        """Take client certificates of other authorities from now on."""
        _write(self.folder / "clients.pem", bundle)
        workers = self._workers()
        self.process.send_signal(signal.SIGHUP)
        until(lambda: not workers & self._workers())

    def mark(self) -> int:
        """Return a place in the log, for `seen` to begin at."""
        return (self.folder / "access.log").stat().st_size

    def seen(self, since: int) -> list[str]:
        """Return the serials of what was answered since a mark, in lower case without leading zeros."""
        return [serial.lower().lstrip("0") for serial, verified, status in self._lines(since) if status == "200"]

    def refused(self) -> list[list[str]]:
        return [line for line in self._lines(0) if line[1:] != ["SUCCESS", "200"]]

    def _lines(self, since: int) -> list[list[str]]:
        with (self.folder / "access.log").open() as log:
            log.seek(since)
            *whole, _ = log.read().split("\n")
        return [line.split() for line in whole]

    def _workers(self) -> set[str]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return {pid for pid in children if "shutting down" not in _command(pid)}


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return "shutting down"


@contextmanager
def mutual_origin(folder: Path, *, clients: str) -> Iterator[MutualOrigin]:
    """Serve until the block ends; `clients` are the authorities of client certificates, PEM."""
    folder.mkdir()
    authority = Authority.create(folder / "own")
    pair, port = authority.issue("127.0.0.1"), free_port()
    _write(folder / "clients.pem", clients)
    text = _CONFIGURATION.format(folder=folder, port=port, certificate=pair.certificate, key=pair.key)
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    try:
        until(lambda: (folder / "nginx.pid").exists())
        yield MutualOrigin(port, authority.roots, folder, process)
    finally:
        process.terminate()
        process.wait(10)


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(text)
    draft.replace(path)
