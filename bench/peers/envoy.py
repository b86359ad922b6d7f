"""Envoy configured by hand: the base that every other peer is compared with."""

from __future__ import annotations

import json
from typing import Any

from bench.job import AUTHORIZATION, HEADER, KEY_ID, SIGNING_REGION, SIGNING_SERVICE, ClientTLS, Job, Proof, Route
from bench.peers.program import find_program, first_line
from bench.processes import Server, free_port, spawn

_FILTERS = "envoy.extensions.filters.http."
_LIST_UP_TO = 50
_SECRET, _KEYS = "secret.json", "credentials"


def _typed(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": _any(kind, **fields)}


def _any(kind: str, **fields: Any) -> dict[str, Any]:
    return {"@type": f"type.googleapis.com/{kind}", **fields}


class EnvoyByHand:
    """What a manual would have one write for each proof; nothing hardened.

    The secret comes by SDS through a filter chain of the virtual host, a token stands literally as a header that the
    virtual host adds, and requests are signed by the listener's filter with keys from a file.
    """

    name = "envoy by hand"

    def version(self) -> str:
        return first_line(find_program("envoy"), "--version").split("/")[-4]

    def routing(self, count: int) -> str:
        if count <= _LIST_UP_TO:
            return "plain route list, one URI template each"
        return "`matcher_tree` over the literal prefix of each route, URI template in the leaf"

    def start(self, job: Job) -> Server:
        port, log = free_port(), job.folder / "log"
        job.write(_SECRET, json.dumps({"resources": [_secret(job.secret)]}))
        job.write(_KEYS, f"[default]\naws_access_key_id={KEY_ID}\naws_secret_access_key={job.secret}\n")
        config = job.write("envoy.json", json.dumps(_bootstrap(job, port=port)))
        command = [
            find_program("envoy"),
            "-c",
            str(config),
            "--concurrency",
            "1",
            "-l",
            "error",
            "--use-dynamic-base-id",
        ]
        return Server(spawn(command, core=job.core, log=log), port, port, log)


def _secret(value: str) -> dict[str, Any]:
    kind = "envoy.extensions.transport_sockets.tls.v3.Secret"
    return _any(kind, name=HEADER, generic_secret={"secret": {"inline_string": value}})


def _bootstrap(job: Job, *, port: int) -> dict[str, Any]:
    manager = _typed(
        "hcm",
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="bench",
        route_config={"virtual_hosts": [{**_virtual_host(job.routes), **_adding(job)}]},
        http_filters=[
            *_proving(job),
            _typed("envoy.filters.http.router", _FILTERS + "router.v3.Router"),
        ],
    )
    listener = {"name": "in", "address": _address(port), "filter_chains": [{"filters": [manager]}]}
    return {
        "node": {"id": "bench", "cluster": "bench"},
        "static_resources": {"listeners": [listener], "clusters": [_cluster(job)]},
    }


def _proving(job: Job) -> list[dict[str, Any]]:
    match job.proof:
        case Proof.SECRET:
            return [_typed("chain", _FILTERS + "filter_chain.v3.FilterChainConfig")]
        case Proof.TOKEN:
            return []
        case Proof.SIGNATURE:
            return [_signer(job)]


def _adding(job: Job) -> dict[str, Any]:
    """Return what of the proof stands in the virtual host."""
    match job.proof:
        case Proof.SECRET:
            return {"typed_per_filter_config": {"chain": _chain(str(job.folder / _SECRET))}}
        case Proof.TOKEN:
            header = {"key": AUTHORIZATION, "value": f"Bearer {job.secret}"}
            return {"request_headers_to_add": [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]}
        case Proof.SIGNATURE:
            return {}


def _signer(job: Job) -> dict[str, Any]:
    source = {"filename": str(job.folder / _KEYS), "watched_directory": {"path": str(job.folder)}}
    provider = {"credentials_data_source": source, "profile": "default"}
    return _typed(
        "signer",
        _FILTERS + "aws_request_signing.v3.AwsRequestSigning",
        service_name=SIGNING_SERVICE,
        region=SIGNING_REGION,
        credential_provider={"custom_credential_provider_chain": True, "credentials_file_provider": provider},
    )


def _virtual_host(routes: tuple[Route, ...]) -> dict[str, Any]:
    host: dict[str, Any] = {"name": "all", "domains": ["*"]}
    if len(routes) <= _LIST_UP_TO:
        return {**host, "routes": [_route(route) for route in routes]}
    path = _typed("path", "envoy.type.matcher.v3.HttpRequestHeaderMatchInput", header_name=":path")
    leaves = {route.literal: _leaf(route) for route in routes}
    return {**host, "matcher": {"matcher_tree": {"input": path, "prefix_match_map": {"map": leaves}}}}


def _leaf(route: Route) -> dict[str, Any]:
    return {"action": _typed("route", "envoy.config.route.v3.RouteList", routes=[_route(route)])}


def _route(route: Route) -> dict[str, Any]:
    kind = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
    policy = _typed("template", kind, path_template=route.template)
    return {"match": {"path_match_policy": policy}, "route": {"cluster": "origin"}}


def _chain(secret: str) -> dict[str, Any]:
    source = {"path_config_source": {"path": secret}, "resource_api_version": "V3"}
    generic = _typed(
        "generic",
        "envoy.extensions.http.injected_credentials.generic.v3.Generic",
        header=HEADER,
        credential={"name": HEADER, "sds_config": source},
    )
    kind = _FILTERS + "credential_injector.v3.CredentialInjector"
    injector = _typed("secret", kind, overwrite=True, credential=generic)
    return _any(_FILTERS + "filter_chain.v3.FilterChainConfigPerRoute", filter_chain={"filters": [injector]})


def _cluster(job: Job) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": _address(job.origin_port)}}]}]
    assignment = {"cluster_name": "origin", "endpoints": endpoints}
    tls = {"transport_socket": _tls(job.tls)} if job.tls else {}
    return {"name": "origin", "connect_timeout": "2s", "load_assignment": assignment, **tls}


def _tls(tls: ClientTLS) -> dict[str, Any]:
    shown = {"certificate_chain": {"filename": str(tls.certificate)}, "private_key": {"filename": str(tls.key)}}
    trusted = {
        "trusted_ca": {"filename": str(tls.authority)},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": tls.name}}],
    }
    return _typed(
        "tls",
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni=tls.name,
        max_session_keys=0,
        common_tls_context={
            "tls_params": {"tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificates": [shown],
            "validation_context": trusted,
        },
    )


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
