"""Caddy 2.11 or newer: Go checks the chain, an expression reads the names in the certificate."""

from __future__ import annotations

from wicketgate.guards.mtls.config import MtlsConfig, NameKind
from wicketgate.guards.mtls.server import CERTIFICATE_HEADER_SPELLINGS, MtlsServer, heading
from wicketgate.guards.server import fill, problem_with

_TEMPLATE = """\
@heading@
# Caddy cannot check revocation lists: let client certificates live shortly.
# Requests must be for the server name of their connection (421 otherwise): the gateway sends Host and SNI alike.
# A Caddyfile cannot turn session tickets off, and needs not: Caddy 2.11 resumes no connection that had a client
# certificate. Older ones are not tested.
https://:@port@ {
	bind @host@
	tls @certificate@ @key@ {
		protocols tls1.2 tls1.3
		client_auth {
			mode require_and_verify
			trust_pool file {
				pem_file @ca@
			}
		}
	}

@variables@	@stranger expression `!('@name@' in @names@)`
	handle @stranger {
		templates {
			mime application/problem+json
		}
		header {
			Content-Type application/problem+json
			Cache-Control no-store
		}
		respond `@problem@` 401
	}
	handle {
		# What a caller claims about a certificate is not what was checked here; some frameworks take _ for -.
@strip@
		reverse_proxy @upstream@
	}
}
"""

# Expressions cannot hold Go's URIs, variables turn them into text. A gateway's certificate has one (SPIFFE allows no
# more); of further ones the first few are looked at.
_URIS = range(4)


def _names(kind: NameKind) -> str:
    if kind == "DNS":
        return "{http.request.tls.client.san.dns_names}"
    return ", ".join(f"{{http.vars.wicketgate_guard_uri_{place}}}" for place in _URIS).join("[]")


def _variables(kind: NameKind) -> str:
    if kind == "DNS":
        return ""
    lines = (f"\tvars wicketgate_guard_uri_{place} {{http.request.tls.client.san.uris.{place}}}\n" for place in _URIS)
    return "".join(lines)


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/caddy/wicketgate")
    host, port = config.listen_at
    return fill(
        _TEMPLATE,
        heading=heading("Caddy", config),
        problem=problem_with("{{ .OriginalReq.URL.EscapedPath | toJson }}"),
        strip="\n".join(f"\t\trequest_header -{name}" for name in CERTIFICATE_HEADER_SPELLINGS),
        name=config.name,
        names=_names(config.kind),
        variables=_variables(config.kind),
        host=host,
        port=str(port),
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        upstream=config.upstream_address,
    )


SERVER = MtlsServer(name="caddy", render=_render, reads_crl=False)
