"""nginx with its njs module: a map looks up the digest that a small script makes."""

from __future__ import annotations

from pathlib import PurePosixPath

from wicketgate.guards.config import MINIMUM_SECRET_BYTES, GuardConfig
from wicketgate.guards.server import Server, ask_secret, fill, heading, problem_with

# 128 bits of the digest: with all 256, the default bucket of a map is too small and nginx does not start.
_TEMPLATE = """\
@heading@
# Needs the njs module (Debian: libnginx-mod-http-js, nginx.org: nginx-module-njs). Plain nginx shows only the
# first of repeated headers (before 1.23) and compares in a map without regard to case.
#
# 1. Save this text as wicketgate-guard.conf where the http block includes it (/etc/nginx/conf.d).
# 2. Beside it, put the script at its end into a file of its own, in bash:
#   $ sed -n 's/^#js //p' wicketgate-guard.conf > @script_file@
# 3. Write the digest of the secret. The secret itself is not stored, and how long a look-up of its digest
#    takes tells nothing about it. Use a random secret (openssl rand -hex 32).
@ask_current@
# To rotate: add the next one, reload; when the gateway has switched, do the first step with it, reload.
@ask_next@
# Without the file nginx does not start; with an empty one every request is refused.
js_import wicketgate_guard from @script_file@;
js_set $wicketgate_guard_digest wicketgate_guard.digest;

map $wicketgate_guard_digest $wicketgate_guard_refused {
    default 1;
    include @file@;
}

log_format wicketgate_guard '$remote_addr [$time_iso8601] $request_method $uri wicketgate-guard would-refuse';

map $http_upgrade $wicketgate_guard_connection {
    default upgrade;
    ""      "";
}

server {
    listen @listen@;
    # Some frameworks take _ for -: such names are dropped here and never reach the application.
    underscores_in_headers off;
    ignore_invalid_headers on;
@verdict@
    location / {
        proxy_pass http://@upstream@;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $wicketgate_guard_connection;
        proxy_set_header @header@ "";
    }
}

@script@
"""

_ENFORCE = """\

    if ($wicketgate_guard_refused) {
        return 401;
    }
    error_page 401 @wicketgate_guard;
    location @wicketgate_guard {
        js_content wicketgate_guard.refuse;
    }
"""

_OBSERVE = """\
    # What enforce mode would refuse. It takes the place of an inherited log; add yours beside it.
    access_log @log@ wicketgate_guard if=$wicketgate_guard_refused;
"""

# `import`, `const` and arrow functions are all that njs 0.7 needs to know.
_SCRIPT = """\
import crypto from 'crypto';

const HEADER = '@header@';

// Part of the SHA-256 of the header's value; nothing when it is missing, repeated, misspelt or too short.
function digest(r) {
    const fields = r.rawHeadersIn.filter(field => field[0].toLowerCase().split('_').join('-') === HEADER);
    if (fields.length !== 1 || fields[0][0].toLowerCase() !== HEADER || fields[0][1].length < @minimum@) {
        return '';
    }
    return crypto.createHash('sha256').update(fields[0][1]).digest('hex').substring(0, 32);
}

function refuse(r) {
    const path = JSON.stringify(r.variables.request_uri.split('?')[0]);
    r.headersOut['Content-Type'] = 'application/problem+json';
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(401, '@problem@'.replace('PATH', () => path));
}

export default { digest, refuse };
"""


def _script(config: GuardConfig) -> str:
    text = fill(_SCRIPT, header=config.header, minimum=str(MINIMUM_SECRET_BYTES), problem=problem_with("PATH"))
    return "\n".join(f"#js {line}" for line in text.splitlines())


def _render(config: GuardConfig) -> str:
    file = config.secret_file or "/etc/nginx/wicketgate-guard.digests"
    line = """printf '%s 0;\\n' "$(printf %s "$SECRET" | sha256sum | cut -c1-32)" """
    folder = PurePosixPath(file).parent
    observed = fill(_OBSERVE, log="/var/log/nginx/wicketgate-guard.log")
    return fill(
        _TEMPLATE,
        heading=heading("nginx", config),
        ask_current=ask_secret(f"{line}> {file}"),
        ask_next=ask_secret(f"{line}>> {file}"),
        verdict=(_ENFORCE if config.enforcing else observed).rstrip("\n"),
        script=_script(config),
        script_file=str(folder / "wicketgate_guard.js"),
        header=config.header,
        file=file,
        listen=config.listen,
        upstream=config.upstream,
    )


SERVER = Server("nginx", _render)
