"""The origin that demands client certificates: nginx, TLS 1.3, no session is ever resumed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bench.credentials import Credentials, Shown
from bench.http_probe import Prober, wait_for
from bench.job import HEADER, ORIGIN_BODY, Job
from bench.processes import BenchError, Server, free_port, spawn, tail

_CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/errors notice; worker_processes 1;
events {{ worker_connections 20000; }}
http {{
  server_tokens off; map_hash_bucket_size 256; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;
  ssl_client_certificate {authority}; ssl_verify_client on;
  map $http_{variable} $known {{ default ""; "{secret}" now; }}
  map $ssl_session_reused $resumed {{ default ""; r yes; }}
  log_format line "$ssl_session_reused $request"; access_log {folder}/resumed line if=$resumed; default_type text/plain;
{servers}
  server {{ listen 127.0.0.1:{status}; location / {{ stub_status; }} }}
}}
"""
_SERVER = """\
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096; ssl_certificate {shown.certificate}; ssl_certificate_key {shown.key};
    {settings}
  }}
"""
_ANSWER = 'location / {{ if ($known = now) {{ return 200 "{body}"; }} return 401; }}'
_ACCEPTED = re.compile(rb"^ *(\d+) +\d+ +\d+ *$", re.M)


@dataclass(frozen=True, slots=True)
class MutualOrigin:
    """Ports of one nginx. `kept` keeps connections alive; `fresh` closes each after one answer (`keepalive_timeout 0`).

    Peers must refuse `other_authority` and `other_name`. `serial` closes as `fresh` does, needs no secret, and answers
    with the serial number of the certificate that it was shown.
    """

    server: Server
    credentials: Credentials
    kept: int
    fresh: int
    other_authority: int
    other_name: int
    serial: int
    status: int

    def accepted(self) -> int:
        """Return how many connections it has accepted so far, this call's among them. Raises `BenchError`."""
        prober = Prober(self.status)
        try:
            found = _ACCEPTED.search(prober.ask("/").body)
        finally:
            prober.close()
        if found is None:
            raise BenchError(f"the origin does not tell its connections: {self.complaints()}")
        return int(found[1])

    def check_unresumed(self) -> None:
        """Raise `BenchError` when a single connection so far resumed a session."""
        if text := tail(self._file("resumed")) if self._file("resumed").stat().st_size else "":
            raise BenchError(f"a TLS session was resumed: {text}")

    def strayed(self) -> str:
        """Return the requests that came to the ports that every peer must refuse."""
        return self._file("strayed").read_text()

    def complaints(self) -> str:
        return tail(self._file("errors"))

    def _file(self, name: str) -> Path:
        return self.server.log.with_name(name)


def start_mutual_origin(folder: Path, credentials: Credentials, *, secret: str, core: int) -> MutualOrigin:
    """Start it on free ports. Raises `BenchError`."""
    ports = {name: free_port() for name in ("kept", "fresh", "other_authority", "other_name", "serial", "status")}
    text = _CONFIG.format(
        folder=folder,
        authority=credentials.client.authority,
        variable=HEADER.replace("-", "_"),
        secret=secret,
        status=ports["status"],
        servers=_servers(folder, credentials, ports),
    )
    config = Job((), 0, secret, folder, core).write("nginx.conf", text)
    log = folder / "log"
    process = spawn(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(config)], core=core, log=log)
    origin = MutualOrigin(Server(process, ports["kept"], None, log), credentials, **ports)
    try:
        wait_for(ports["status"], "/", lambda answer: answer.status == 200, seconds=10)
    except BenchError as error:
        process.kill()
        process.wait()
        raise BenchError(f"the origin did not start: {tail(log)}") from error
    return origin


def _servers(folder: Path, credentials: Credentials, ports: dict[str, int]) -> str:
    answer = _ANSWER.format(body=ORIGIN_BODY.decode().replace("\n", "\\n"))
    strayed = f"access_log {folder}/strayed line; {answer}"
    told = 'location / { return 200 "$ssl_client_serial\\n"; }'
    settings: dict[str, tuple[Shown, str]] = {
        "kept": (credentials.server, answer),
        "fresh": (credentials.server, f"keepalive_timeout 0; {answer}"),
        "other_authority": (credentials.other_authority, strayed),
        "other_name": (credentials.other_name, strayed),
        "serial": (credentials.server, f"keepalive_timeout 0; {told}"),
    }
    return "".join(
        _SERVER.format(port=ports[name], shown=shown, settings=text) for name, (shown, text) in settings.items()
    )
