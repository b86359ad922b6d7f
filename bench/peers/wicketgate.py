"""Wicketgate, by the command that its users run."""

from __future__ import annotations

import json
from typing import Any

from bench.job import CLIENT, HEADER, KEY_ID, SIGNING_REGION, SIGNING_SERVICE, ClientTLS, Job, Proof, Route
from bench.peers.program import find_program
from bench.processes import Server, free_port, spawn
from wicketgate import __version__

SECRET_VARIABLE = "BACKEND_SECRET"  # noqa: S105 - a name
SHELL_VARIABLES = ("WICKET_STATE", "WICKET_ENVIRONMENT", SECRET_VARIABLE, "ORIGIN_URL")
"""What would reach the measured gateway from the shell of whoever measures, ahead of the project's `.env`."""

SETTINGS = '[log]\naccess = "off"\n\n[envoy]\nconcurrency = 1\n'
_CERTIFICATES, _IDENTITY = "certificates", "gateway"
_POLICY = "set-backend-secret"
_MODULE = "$import(@zuplo/runtime)"


class Wicketgate:
    """The policy of the proof on each route, as a user would write it."""

    name = "wicketgate"

    def version(self) -> str:
        return __version__

    def routing(self, count: int) -> str:  # noqa: ARG002 - one way for any number
        return "one OpenAPI operation each, in one document"

    def start(self, job: Job) -> Server:
        write_project(job, env_file={SECRET_VARIABLE: job.secret})
        return serve(job, "run")


def serve(job: Job, command: str) -> Server:
    """Start `wicket run` or `wicket dev` on the project in the job's folder."""
    port, log = free_port(), job.folder.parent / f"{job.folder.name}.log"
    listen = ["--project", str(job.folder), "--listen", f"127.0.0.1:{port}"]
    process = spawn([find_program("wicket"), command, *listen], core=job.core, log=log)
    return Server(process, port, port, log)


def write_project(job: Job, *, env_file: dict[str, str]) -> None:
    """Write the project; `env_file` is what its `.env` holds beside the origin's address."""
    (job.folder / "config").mkdir(exist_ok=True)
    origin = f"https://{job.tls.name}" if job.tls else f"http://127.0.0.1:{job.origin_port}"
    variables = {"ORIGIN_URL": origin, **env_file}
    job.write(".env", "".join(f"{name}={value}\n" for name, value in variables.items()))
    job.write("wicket.toml", SETTINGS)
    if job.tls:
        _write_mutual_tls(job, job.tls)
    job.write("config/policies.json", json.dumps({"policies": [_policy(job)]}))
    job.write("config/routes.oas.json", document(job.routes))


def _write_mutual_tls(job: Job, tls: ClientTLS) -> None:
    folder = job.folder / _CERTIFICATES / _IDENTITY
    folder.mkdir(parents=True)
    for name, file in (("tls.crt", tls.certificate), ("tls.key", tls.key)):
        job.write(f"{_CERTIFICATES}/{_IDENTITY}/{name}", file.read_text())
    job.write("ca.pem", tls.authority.read_text())
    job.write("wicket.toml", f'{SETTINGS}\n[certificates]\ndirectory = "{_CERTIFICATES}"\n')
    origin = {
        "name": "origin",
        "url": f"https://{tls.name}",
        "endpoints": [f"127.0.0.1:{job.origin_port}"],
        "tls": {"ca": "./ca.pem"},
        "mtlsCertificate": _IDENTITY,
    }
    job.write("config/origins.json", json.dumps({"origins": [origin]}))


def document(routes: tuple[Route, ...], *extra: str) -> str:
    """Return the OpenAPI document of the routes and of `extra` path templates after them."""
    templates = [*(route.template for route in routes), *extra]
    paths = {template: {"get": _operation(template, number)} for number, template in enumerate(templates)}
    return json.dumps({"openapi": "3.1.0", "info": {"title": "bench", "version": "1"}, "paths": paths})


def _operation(template: str, number: int) -> dict[str, Any]:
    names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    forward = {"export": "urlForwardHandler", "module": _MODULE, "options": {"baseUrl": "${env.ORIGIN_URL}"}}
    return {
        "operationId": f"op{number}",
        "parameters": parameters,
        "responses": {"200": {"description": "The origin's answer"}},
        "x-zuplo-route": {"handler": forward, "policies": {"inbound": [_POLICY]}},
    }


def _policy(job: Job) -> dict[str, Any]:
    secret = f"$env({SECRET_VARIABLE})"
    match job.proof:
        case Proof.SECRET:
            headers = [{"name": HEADER, "value": secret}]
            return _entry("set-headers-inbound", "SetHeadersInboundPolicy", headers=headers)
        case Proof.TOKEN:
            export = "UpstreamOAuthClientCredentialsInboundPolicy"
            client = {"clientId": CLIENT, "clientSecret": secret}
            return _entry("upstream-oauth-client-credentials-inbound", export, tokenUrl=job.provider, **client)
        case Proof.SIGNATURE:
            signed = {"keyId": KEY_ID, "secret": secret, "service": SIGNING_SERVICE, "region": SIGNING_REGION}
            return _entry("sign-request-inbound", "SignRequestInboundPolicy", **signed)


def _entry(policy_type: str, export: str, **options: Any) -> dict[str, Any]:
    handler = {"export": export, "module": _MODULE, "options": options}
    return {"name": _POLICY, "policyType": policy_type, "handler": handler}
