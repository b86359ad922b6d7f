"""Caddy."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from bench.job import HEADER, ClientTLS, Job, Route
from bench.peers.program import find_program, first_line
from bench.processes import Server, free_port, spawn

_LIST_UP_TO = 50
_PROXY = [{"handler": "invoke", "name": "proxy"}]


class Caddy:
    """One processor, one proxy handler that all routes invoke, so that they share its connections."""

    name = "caddy"

    def version(self) -> str:
        return first_line(find_program("caddy"), "version").split()[0].removeprefix("v")

    def routing(self, count: int) -> str:
        tail = "; what follows the literal prefix is not checked"
        if count <= _LIST_UP_TO:
            return f"list of path matchers{tail}"
        return f"list of path matchers in two levels, a subroute for each first segment{tail}"

    def start(self, job: Job) -> Server:
        port, log = free_port(), job.folder / "log"
        config = job.write("caddy.json", json.dumps(_config(job, port)))
        command = [find_program("caddy"), "run", "--config", str(config)]
        home = {"HOME": str(job.folder), "XDG_CONFIG_HOME": str(job.folder), "XDG_DATA_HOME": str(job.folder)}
        environ = {**home, "GOMAXPROCS": "1"}
        return Server(spawn(command, core=job.core, log=log, environ=environ), port, port, log)


def _config(job: Job, port: int) -> dict[str, Any]:
    server = {
        "listen": [f"127.0.0.1:{port}"],
        "protocols": ["h1", "h2c"],
        "automatic_https": {"disable": True},
        "routes": [*_routes(job.routes), {"handle": [{"handler": "static_response", "status_code": 404}]}],
        "named_routes": {"proxy": {"handle": [_proxy(job)]}},
    }
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "ERROR"}}},
        "apps": {"http": {"servers": {"in": server}}},
    }


def _routes(routes: tuple[Route, ...]) -> list[dict[str, Any]]:
    if len(routes) <= _LIST_UP_TO:
        return [_route(route.literal, _PROXY) for route in routes]
    return [
        _route(f"/{service}/", [{"handler": "subroute", "routes": [_route(route.literal, _PROXY) for route in group]}])
        for service, group in groupby(routes, key=lambda route: route.service)
    ]


def _route(prefix: str, handle: list[dict[str, Any]]) -> dict[str, Any]:
    return {"match": [{"path": [prefix + "*"]}], "handle": handle}


def _proxy(job: Job) -> dict[str, Any]:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"127.0.0.1:{job.origin_port}"}],
        "headers": {"request": {"set": {HEADER: [job.secret]}}},
        "transport": {
            "protocol": "http",
            "keep_alive": {"max_idle_conns_per_host": 128},
            **({"tls": _tls(job.tls)} if job.tls else {}),
        },
    }


def _tls(tls: ClientTLS) -> dict[str, Any]:
    return {
        "ca": {"provider": "file", "pem_files": [str(tls.authority)]},
        "server_name": tls.name,
        "client_certificate_file": str(tls.certificate),
        "client_certificate_key_file": str(tls.key),
    }
