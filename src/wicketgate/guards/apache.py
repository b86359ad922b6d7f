"""Apache httpd 2.4.47 or newer: an expression compares the header's digest with defined ones."""

from __future__ import annotations

from wicketgate.guards.config import MINIMUM_SECRET_BYTES, GuardConfig
from wicketgate.guards.server import Server, ask_secret, fill, heading, problem_with

# SHA-1 is the only hash of httpd's expressions besides MD5. What matters here, that nobody finds an input for
# a given digest, still holds for it; its broken collision resistance does not matter.
_TEMPLATE = """\
@heading@
# Needs mod_headers, mod_proxy, mod_proxy_http and mod_rewrite (a2enmod headers proxy_http rewrite).
# The secret itself is not stored: httpd compares SHA-1 digests (its expressions have no SHA-256), so how long
# a comparison takes tells nothing about the secret. Use a random secret (openssl rand -hex 32).
# Write the digest before the first start, in bash:
@ask_current@
# To rotate: add the next one, reload. When the gateway has switched, do the first step with it, reload.
@ask_next@
# Without the file or the definition in it httpd does not start.
Include @file@
<IfDefine !WICKETGATE_GUARD_CURRENT>
    Error "@file@ does not define WICKETGATE_GUARD_CURRENT: the guard would have no secret"
</IfDefine>
<IfDefine !WICKETGATE_GUARD_NEXT>
    Define WICKETGATE_GUARD_NEXT ${WICKETGATE_GUARD_CURRENT}
</IfDefine>

Listen @listen@
<VirtualHost @listen@>
    TraceEnable off
    ProxyRequests off
    RewriteEngine on
    # httpd joins repeated headers with a comma, so that they match nothing.
    RewriteCond expr "! (%{HTTP:@header@} =~ /^.{@minimum@,}$/ \
&& (sha1(%{HTTP:@header@}) == '${WICKETGATE_GUARD_CURRENT}' \
|| sha1(%{HTTP:@header@}) == '${WICKETGATE_GUARD_NEXT}'))"
@verdict@

    # The application sees the header in no spelling; some frameworks take _ for -.
@strip@
    ProxyPreserveHost on
    # The path goes on byte for byte; by default httpd answers an encoded slash with 404.
    AllowEncodedSlashes NoDecode
    ProxyPass "/" "http://@upstream@/" nocanon upgrade=websocket
</VirtualHost>
"""

_ENFORCE = """\
    RewriteRule ^ - [E=WICKETGATE_GUARD:refused,R=401,L]
    ErrorDocument 401 '@problem@'
    Header always set Content-Type application/problem+json env=WICKETGATE_GUARD
    Header always set Cache-Control no-store env=WICKETGATE_GUARD"""

_OBSERVE = """\
    RewriteRule ^ - [E=WICKETGATE_GUARD:would-refuse]
    # What enforce mode would refuse.
    CustomLog ${APACHE_LOG_DIR}/wicketgate-guard.log "%h %t \\"%m %U\\" wicketgate-guard would-refuse" \
env=WICKETGATE_GUARD"""


def _render(config: GuardConfig) -> str:
    file = config.secret_file or "/etc/apache2/wicketgate-guard.conf"
    line = """printf 'Define WICKETGATE_GUARD_{} %s\\n' "$(printf %s "$SECRET" | sha1sum | cut -c1-40)" """
    problem = problem_with('"%{escape:%{REQUEST_URI}}"')
    return fill(
        _TEMPLATE,
        heading=heading("Apache httpd", config),
        ask_current=ask_secret(f"{line.format('CURRENT')}> {file}"),
        ask_next=ask_secret(f"{line.format('NEXT')}>> {file}"),
        verdict=fill(_ENFORCE, problem=problem) if config.enforcing else _OBSERVE,
        strip="\n".join(f"    RequestHeader unset {name}" for name in (config.header, *config.aliases)),
        header=config.header,
        file=file,
        listen=config.listen,
        minimum=str(MINIMUM_SECRET_BYTES),
        upstream=config.upstream,
    )


SERVER = Server("apache", _render)
