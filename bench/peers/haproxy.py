"""HAProxy."""

from __future__ import annotations

from bench.job import HEADER, ClientTLS, Job
from bench.peers.program import find_program, first_line
from bench.processes import Server, free_port, spawn

_CONFIG = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  bind 127.0.0.1:{h2c} proto h2
  http-request set-var(txn.backend) path,map_beg({routes})
  http-request deny deny_status 404 unless {{ var(txn.backend) -m found }}
  http-request set-header {header} "{secret}"
  use_backend %[var(txn.backend)]
backend origin
  server origin 127.0.0.1:{origin}{tls}
"""


class HAProxy:
    """One thread, kept-alive connections to the origin."""

    name = "haproxy"

    def version(self) -> str:
        return first_line(find_program("haproxy"), "-v").split()[2]

    def routing(self, count: int) -> str:  # noqa: ARG002 - one way for any number
        return "`map_beg` file (a prefix tree); what follows the literal prefix is not checked"

    def start(self, job: Job) -> Server:
        port, h2c, log = free_port(), free_port(), job.folder / "log"
        routes = job.write("routes.map", "".join(f"{route.literal} origin\n" for route in job.routes))
        text = _CONFIG.format(
            port=port,
            h2c=h2c,
            routes=routes,
            header=HEADER,
            secret=job.secret,
            origin=job.origin_port,
            tls=_tls(job, job.tls) if job.tls else "",
        )
        command = [find_program("haproxy"), "-db", "-f", str(job.write("haproxy.cfg", text))]
        return Server(spawn(command, core=job.core, log=log), port, h2c, log)


def _tls(job: Job, tls: ClientTLS) -> str:
    shown = job.write("shown.pem", tls.certificate.read_text() + tls.key.read_text())
    verified = f"ca-file {tls.authority} verify required verifyhost {tls.name} sni str({tls.name})"
    return f" ssl crt {shown} {verified} no-ssl-reuse"
