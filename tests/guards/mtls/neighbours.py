"""Virtual hosts beside the guarded one: an open one, and one that trusts another authority.

Each takes the printed text and adds them on the same listener, as an administrator might.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

OPEN = "open.test"
ELSEWHERE = "elsewhere.test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Where the neighbours are: on the guarded port if the server can do that, else each on its own."""

    open_port: int
    elsewhere_port: int
    certificate: Path
    key: Path
    other_ca: Path


def _nginx(text: str, street: Street) -> str:
    server = """
server {{
    listen 127.0.0.1:{port} ssl;
    server_name {name};
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_session_cache shared:neighbours:1m;
    ssl_session_tickets on;
    {trust}
    location / {{ return 200 {name}; }}
}}
"""
    trust = f"ssl_client_certificate {street.other_ca}; ssl_verify_client on; ssl_verify_depth 2;"
    # The first of a listener would be its default, whose session settings hold for all.
    return _both(server, street, trust) + text


def _apache(text: str, street: Street) -> str:
    host = """
<VirtualHost 127.0.0.1:{port}>
    ServerName {name}
    SSLEngine on
    SSLCertificateFile {certificate}
    SSLCertificateKeyFile {key}
    {trust}
    RewriteEngine on
    RewriteRule ^ - [R=204,L]
</VirtualHost>
"""
    return text + _both(
        host, street, f"SSLCACertificateFile {street.other_ca}\n    SSLVerifyClient require\n    SSLVerifyDepth 2"
    )


def _caddy(text: str, street: Street) -> str:
    site = """
https://{name}:{port} {{
	bind 127.0.0.1
	tls {certificate} {key} {trust}
	respond {name}
}}
"""
    trust = (
        f"{{\n\t\tclient_auth {{\n\t\t\ttrust_pool file {{\n\t\t\t\tpem_file {street.other_ca}\n\t\t\t}}\n\t\t}}\n\t}}"
    )
    return text + _both(site, street, trust)


def _haproxy(text: str, street: Street) -> str:
    pair = street.certificate.with_name("server.pem")
    frontend = f"""
frontend {{name}}
    bind 127.0.0.1:{{port}} ssl crt {pair} {{trust}}
    mode http
    timeout client 60s
    http-request return status 200
"""
    return text + _both(frontend, street, f"ca-file {street.other_ca} verify required")


def _both(template: str, street: Street, trust: str) -> str:
    hosts = ((OPEN, street.open_port, ""), (ELSEWHERE, street.elsewhere_port, trust))
    return "".join(
        template.format(name=name, port=port, certificate=street.certificate, key=street.key, trust=which)
        for name, port, which in hosts
    )


_INSPECTOR = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"


def _envoy(text: str, street: Street) -> str:
    configuration = yaml.safe_load(text)
    listener = configuration["static_resources"]["listeners"][0]
    inspector = {"name": "inspector", "typed_config": {"@type": f"type.googleapis.com/{_INSPECTOR}"}}
    listener["listener_filters"] = [inspector]
    guarded = yaml.safe_dump(listener["filter_chains"][0])
    listener["filter_chains"] += [_chain(guarded, OPEN, None), _chain(guarded, ELSEWHERE, street.other_ca)]
    return yaml.safe_dump(configuration)


def _chain(guarded: str, name: str, trusted: Path | None) -> Any:
    chain = yaml.safe_load(guarded)
    chain["filter_chain_match"] = {"server_names": [name]}
    tls = chain["transport_socket"]["typed_config"]
    tls["require_client_certificate"] = trusted is not None
    tls["disable_stateless_session_resumption"] = tls["disable_stateful_session_resumption"] = False
    del tls["common_tls_context"]["validation_context"]
    if trusted:
        tls["common_tls_context"]["validation_context"] = {"trusted_ca": {"filename": str(trusted)}}
    answer = {"match": {"prefix": "/"}, "direct_response": {"status": 200, "body": {"inline_string": name}}}
    chain["filters"][0]["typed_config"]["route_config"]["virtual_hosts"][0]["routes"] = [answer]
    return chain


BUILDERS: Mapping[str, Callable[[str, Street], str]] = {
    "apache": _apache,
    "caddy": _caddy,
    "envoy": _envoy,
    "haproxy": _haproxy,
    "nginx": _nginx,
}
