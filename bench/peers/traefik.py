"""Traefik."""

from __future__ import annotations

import json
from typing import Any

from bench.job import HEADER, ClientTLS, Job, Route
from bench.peers.program import find_program, first_line
from bench.processes import Server, free_port, spawn

_LIST_UP_TO = 50
_IDLE = 128


class Traefik:
    """One processor, kept-alive connections to the origin."""

    name = "traefik"

    def version(self) -> str:
        return first_line(find_program("traefik"), "version").split()[-1]

    def routing(self, count: int) -> str:
        tail = "; what follows the literal prefix is not checked"
        if count <= _LIST_UP_TO:
            return f"a `PathPrefix` router each{tail}"
        return f"routers in two layers (`parentRefs`), a parent for each first segment{tail}"

    def start(self, job: Job) -> Server:
        port, log = free_port(), job.folder / "log"
        # JSON is YAML; Traefik reads only the latter.
        dynamic = job.write("dynamic.yaml", json.dumps({"http": _http(job)}))
        static = job.write("traefik.yaml", json.dumps(_static(port, str(dynamic))))
        command = [find_program("traefik"), f"--configFile={static}"]
        return Server(spawn(command, core=job.core, log=log, environ={"GOMAXPROCS": "1"}), port, port, log)


def _static(port: int, dynamic: str) -> dict[str, Any]:
    return {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "ERROR"},
        "entryPoints": {"in": {"address": f"127.0.0.1:{port}"}},
        "providers": {"file": {"filename": dynamic, "watch": False}},
        "serversTransport": {"maxIdleConnsPerHost": _IDLE},
    }


def _http(job: Job) -> dict[str, Any]:
    return {
        "routers": _routers(job.routes),
        "middlewares": {"secret": {"headers": {"customRequestHeaders": {HEADER: job.secret}}}},
        "services": {"origin": {"loadBalancer": _balancer(job)}},
        **({"serversTransports": {"mutual": _transport(job.tls)}} if job.tls else {}),
    }


def _balancer(job: Job) -> dict[str, Any]:
    if job.tls is None:
        return {"servers": [{"url": f"http://127.0.0.1:{job.origin_port}"}]}
    return {"servers": [{"url": f"https://127.0.0.1:{job.origin_port}"}], "serversTransport": "mutual"}


def _transport(tls: ClientTLS) -> dict[str, Any]:
    return {
        "serverName": tls.name,
        "rootCAs": [str(tls.authority)],
        "certificates": [{"certFile": str(tls.certificate), "keyFile": str(tls.key)}],
        "maxIdleConnsPerHost": _IDLE,
    }


def _routers(routes: tuple[Route, ...]) -> dict[str, Any]:
    layered = len(routes) > _LIST_UP_TO
    parents = {route.service: {"rule": f"PathPrefix(`/{route.service}/`)", "entryPoints": ["in"]} for route in routes}
    return {**(parents if layered else {}), **{_name(route): _router(route, layered) for route in routes}}


def _name(route: Route) -> str:
    return f"{route.service}-{route.resource}"


def _router(route: Route, layered: bool) -> dict[str, Any]:
    router = {"rule": f"PathPrefix(`{route.literal}`)", "service": "origin", "middlewares": ["secret"]}
    return {**router, **({"parentRefs": [route.service]} if layered else {"entryPoints": ["in"]})}
