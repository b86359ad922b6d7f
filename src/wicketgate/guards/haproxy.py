"""HAProxy: the header's SHA-256 is looked up in a pattern file of digests."""

from __future__ import annotations

from wicketgate.guards.config import MINIMUM_SECRET_BYTES, GuardConfig
from wicketgate.guards.server import Server, ask_secret, fill, heading, problem_with

# fhdr, not hdr: hdr splits values at commas. The length is tested because nothing at all has a digest too.
_TEMPLATE = """\
@heading@
# The secret itself is not stored: HAProxy compares SHA-256 digests, so how long a look-up takes tells nothing
# about the secret. Use a random secret (openssl rand -hex 32); the digest of a guessable one can be searched.
# Write the digest before the first start, in bash:
@ask_current@
# To rotate: add the next one, reload; when the gateway has switched, do the first step with it, reload.
@ask_next@
# Without the file HAProxy does not start; with an empty one every request is refused.
frontend wicketgate_guard
    bind @listen@
    mode http
    timeout client 60s
    acl wicketgate_once req.fhdr_cnt(@header@) eq 1
    acl wicketgate_long req.fhdr(@header@),length ge @minimum@
    acl wicketgate_known req.fhdr(@header@),sha2(256),hex,lower -m str -f @file@
@verdict@
    # The application sees the header in no spelling; some frameworks take _ for -.
@strip@
    default_backend wicketgate_origin

backend wicketgate_origin
    mode http
    timeout connect 5s
    timeout server 60s
    timeout tunnel 1h
    server origin @upstream@
"""

_ENFORCE = """\
    http-request return status 401 content-type application/problem+json hdr cache-control no-store \
lf-string '@problem@' unless wicketgate_once wicketgate_long wicketgate_known"""

# The captured word stands between braces in the default HTTP log line.
_OBSERVE = """\
    http-request set-log-level warning unless wicketgate_once wicketgate_long wicketgate_known
    http-request capture str(wicketgate-guard-would-refuse) len 32 \
unless wicketgate_once wicketgate_long wicketgate_known"""


def _render(config: GuardConfig) -> str:
    enforce = fill(_ENFORCE, problem=problem_with('"%[path,json(utf8s)]"'))
    file = config.secret_file or "/etc/haproxy/wicketgate-guard.digests"
    digest = 'printf %s "$SECRET" | sha256sum | cut -c1-64'
    names = (config.header, *config.aliases)
    return fill(
        _TEMPLATE,
        heading=heading("HAProxy", config),
        ask_current=ask_secret(f"{digest} > {file}"),
        ask_next=ask_secret(f"{digest} >> {file}"),
        verdict=enforce if config.enforcing else _OBSERVE,
        strip="\n".join(f"    http-request del-header {name}" for name in names),
        header=config.header,
        file=file,
        listen=config.listen,
        minimum=str(MINIMUM_SECRET_BYTES),
        upstream=config.upstream,
    )


SERVER = Server("haproxy", _render)
