"""The origin: nginx with a fixed answer for those who know the secret, and 401 for everybody else."""

from __future__ import annotations

from pathlib import Path

from bench.http_probe import Answer, wait_for
from bench.job import HEADER, NEXT_BODY, ORIGIN_BODY, Job
from bench.processes import BenchError, Server, free_port, spawn, tail

_CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 20000; }}
http {{
  access_log off; server_tokens off; map_hash_bucket_size 256; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_{variable} $known {{ default ""; "{secret}" now; "{next_secret}" next; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096; default_type text/plain;
    location / {{
      if ($known = now) {{ return 200 "{body}"; }}
      if ($known = next) {{ return 200 "{next_body}"; }}
      return 401;
    }}
  }}
}}
"""


def start_origin(folder: Path, *, secret: str, next_secret: str, core: int) -> Server:
    """Start it on a free port; it answers `ORIGIN_BODY` to `secret` and `NEXT_BODY` to `next_secret`."""
    port = free_port()
    job = Job(routes=(), origin_port=port, secret=secret, folder=folder, core=core)
    text = _CONFIG.format(
        folder=folder,
        variable=HEADER.replace("-", "_"),
        secret=secret,
        next_secret=next_secret,
        port=port,
        body=_quoted(ORIGIN_BODY),
        next_body=_quoted(NEXT_BODY),
    )
    config, log = job.write("nginx.conf", text), folder / "log"
    process = spawn(["nginx", "-p", str(folder), "-e", "stderr", "-c", str(config)], core=core, log=log)
    server = Server(process, port, None, log)
    try:
        wait_for(port, "/", lambda answer: answer.status == 401, seconds=10)
    except BenchError as error:
        process.kill()
        process.wait()
        raise BenchError(f"the origin did not start: {tail(log)}") from error
    return server


def is_next(answer: Answer) -> bool:
    return answer == Answer(200, NEXT_BODY)


def _quoted(body: bytes) -> str:
    return body.decode().replace("\n", "\\n")
