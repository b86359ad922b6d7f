"""nginx."""

from __future__ import annotations

from bench.job import HEADER, Job, Route
from bench.peers.program import find_program, first_line
from bench.processes import Server, free_port, spawn

_CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{tls}  upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header {header} "{secret}";
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{h2c} http2;
    location / {{ return 404; }}
{locations}
  }}
}}
"""

_TLS = """\
  proxy_ssl_certificate {tls.certificate}; proxy_ssl_certificate_key {tls.key}; proxy_ssl_session_reuse off;
  proxy_ssl_trusted_certificate {tls.authority}; proxy_ssl_verify on; proxy_ssl_protocols TLSv1.2 TLSv1.3;
  proxy_ssl_name {tls.name}; proxy_ssl_server_name on;
"""


class Nginx:
    """One worker, kept-alive connections to the origin."""

    name = "nginx"

    def version(self) -> str:
        return first_line(find_program("nginx"), "-v").rpartition("/")[2]

    def routing(self, count: int) -> str:  # noqa: ARG002 - one way for any number
        return "prefix locations (nginx keeps them in a tree), the template as a nested regex location"

    def start(self, job: Job) -> Server:
        port, h2c, log = free_port(), free_port(), job.folder / "log"
        text = _CONFIG.format(
            folder=job.folder,
            origin=job.origin_port,
            header=HEADER,
            secret=job.secret,
            port=port,
            h2c=h2c,
            locations="\n".join(_location(route, "https" if job.tls else "http") for route in job.routes),
            tls=_TLS.format(tls=job.tls) if job.tls else "",
        )
        config = job.write("nginx.conf", text)
        command = [find_program("nginx"), "-p", str(job.folder), "-e", "stderr", "-c", str(config)]
        return Server(spawn(command, core=job.core, log=log), port, h2c, log)


def _location(route: Route, scheme: str) -> str:
    tail = "[^/]+/items/[^/]+" if route.nested else "[^/]+"
    inner = f"location ~ ^{route.literal}{tail}$ {{ proxy_pass {scheme}://origin; }}"
    return f"    location {route.literal} {{ {inner} return 404; }}"
