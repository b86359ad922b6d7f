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
  upstream origin {{ server 127.0.0.1:{origin}; keepalive 64; keepalive_requests 1000000000; }}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
  proxy_set_header {header} "{secret}";
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{h2c} http2;
    location / {{ return 404; }}
{locations}
  }}
}}
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
            locations="\n".join(_location(route) for route in job.routes),
        )
        config = job.write("nginx.conf", text)
        command = [find_program("nginx"), "-p", str(job.folder), "-e", "stderr", "-c", str(config)]
        return Server(spawn(command, core=job.core, log=log), port, h2c, log)


def _location(route: Route) -> str:
    tail = "[^/]+/items/[^/]+" if route.nested else "[^/]+"
    inner = f"location ~ ^{route.literal}{tail}$ {{ proxy_pass http://origin; }}"
    return f"    location {route.literal} {{ {inner} return 404; }}"
