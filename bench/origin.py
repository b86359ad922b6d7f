"""The origin: nginx with a fixed answer for those who prove themselves, and 401 for everybody else."""

from __future__ import annotations

from pathlib import Path

from bench.http_probe import Answer, wait_for
from bench.job import (
    AUTHORIZATION,
    HEADER,
    KEY_ID,
    NEXT_BODY,
    ORIGIN_BODY,
    SIGNING_REGION,
    SIGNING_SERVICE,
    Job,
)
from bench.processes import BenchError, Server, free_port, spawn, tail

_CONFIG = """
daemon off; pid {folder}/nginx.pid; error_log stderr crit; worker_processes 1;
events {{ worker_connections 20000; }}
http {{
  access_log off; server_tokens off; map_hash_bucket_size 256; keepalive_requests 1000000000; keepalive_timeout 75s;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_{variable} $known {{ default ""; {known} }}
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
    return _start(folder, HEADER, f'"{secret}" now; "{next_secret}" next;', secret, core)


def start_token_origin(folder: Path, *, token: str, core: int) -> Server:
    """Start one that answers to a bearer token."""
    return _start(folder, AUTHORIZATION, f'"Bearer {token}" now;', token, core)


def start_signature_origin(folder: Path, *, core: int) -> Server:
    """Start one that answers to a header that looks like a signature by our key: it reckons nothing, for what is
    measured is who signs. Each peer's signature is verified before."""
    scope = f"{KEY_ID}/[0-9]+/{SIGNING_REGION}/{SIGNING_SERVICE}/aws4_request"
    pattern = f"~^AWS4-HMAC-SHA256 Credential={scope}, ?SignedHeaders=[^ ]+, ?Signature=[0-9a-f]+$"
    return _start(folder, AUTHORIZATION, f'"{pattern}" now;', "", core)


def _start(folder: Path, header: str, known: str, secret: str, core: int) -> Server:
    port = free_port()
    job = Job(routes=(), origin_port=port, secret=secret, folder=folder, core=core)
    text = _CONFIG.format(
        folder=folder,
        variable=header.replace("-", "_"),
        known=known,
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
