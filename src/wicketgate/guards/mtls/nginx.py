"""nginx with its njs module: OpenSSL checks the chain, a small script reads the names in the certificate."""

from __future__ import annotations

from pathlib import PurePosixPath

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.der_lua import NAME_TAGS
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS, MtlsServer, heading
from wicketgate.guards.server import embedded, fill, problem_with

_TEMPLATE = """\
@heading@
# Needs the njs module (Debian: libnginx-mod-http-js, nginx.org: nginx-module-njs): nginx itself shows the subject
# of a client certificate but not its alternative names.
#
# 1. Save this text as wicketgate-guard.conf where the http block includes it (/etc/nginx/conf.d).
# 2. Put the script at its end into a file of its own, in bash:
#   $ sed -n 's/^#js //p' wicketgate-guard.conf > @script_file@
# Without one of the files nginx does not start.
js_import wicketgate_guard from @script_file@;
js_set $wicketgate_guard_peer wicketgate_guard.peer;

map $http_upgrade $wicketgate_guard_connection {
    default upgrade;
    ""      "";
}

server {
    # The default of its address: a session that could be resumed here could only come from this server, and this
    # server keeps none. nginx does not start when another server claims the same.
    listen @listen@ ssl default_server;
    ssl_certificate @certificate@;
    ssl_certificate_key @key@;
    ssl_protocols TLSv1.2 TLSv1.3;

    ssl_client_certificate @ca@;
    ssl_verify_client on;
    # One intermediate between the client's certificate and the root.
    ssl_verify_depth 1;
@crl@
    # A resumed session would skip the check of expiry and revocation (and CVE-2025-23419).
    ssl_session_tickets off;
    ssl_session_cache off;

    # Some frameworks take _ for -: such names are dropped here and never reach the application.
    underscores_in_headers off;
    ignore_invalid_headers on;

    if ($wicketgate_guard_peer != gateway) {
        return 401;
    }
    error_page 401 495 496 497 =401 @wicketgate_guard;
    location @wicketgate_guard {
        js_content wicketgate_guard.refuse;
    }

    location / {
        proxy_pass http://@upstream@;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $wicketgate_guard_connection;
        # What a caller claims about a certificate is not what was checked here.
@strip@
    }
}

@script@
"""

# `import`, `const` and arrow functions are all that njs 0.7 needs to know. OpenSSL has parsed and verified the
# certificate before; the walk needs no more than to find RFC 5280's subjectAltName and compare whole names.
_SCRIPT = """\
const GATEWAY = Buffer.from('@name@');
const NAME_TAG = @tag@;
const SUBJECT_ALT_NAME = '551d11';

// The DER elements between two places, each as [tag, first byte of its content, byte after it].
function elements(der, at, end) {
    const found = [];
    while (at < end) {
        const tag = der[at];
        let length = der[at + 1];
        let first = at + 2;
        if (length > 0x83 || length === 0x80) {
            throw new Error('length of a DER element');
        }
        if (length > 0x80) {
            const bytes = length - 0x80;
            length = parseInt(der.slice(first, first + bytes).toString('hex'), 16);
            first += bytes;
        }
        at = first + length;
        if (!(at <= end)) {
            throw new Error('DER element is cut off');
        }
        found.push([tag, first, at]);
    }
    return found;
}

function inside(der, element) {
    return elements(der, element[1], element[2]);
}

// GeneralNames of the certificate; none when it has no such extension.
function alternativeNames(der) {
    const signed = inside(der, inside(der, elements(der, 0, der.length)[0])[0]);
    const extensions = signed.filter(element => element[0] === 0xa3);
    if (extensions.length !== 1) {
        return [];
    }
    const wanted = inside(der, inside(der, extensions[0])[0]).map(element => inside(der, element))
        .filter(parts => der.slice(parts[0][1], parts[0][2]).toString('hex') === SUBJECT_ALT_NAME);
    if (wanted.length !== 1) {
        return [];
    }
    const value = wanted[0][wanted[0].length - 1];
    return inside(der, inside(der, value)[0]);
}

function peer(r) {
    const pem = r.variables.ssl_client_raw_cert || '';
    const der = Buffer.from(pem.split('\\n').filter(line => line.indexOf('-') < 0).join(''), 'base64');
    if (der.length === 0) {
        return 'nobody';
    }
    const known = alternativeNames(der).some(name =>
        name[0] === NAME_TAG && der.slice(name[1], name[2]).equals(GATEWAY));
    return known ? 'gateway' : 'stranger';
}

function refuse(r) {
    const path = JSON.stringify(r.variables.request_uri.split('?')[0]);
    r.headersOut['Content-Type'] = 'application/problem+json';
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(401, '@problem@'.replace('PATH', () => path));
}

export default { peer, refuse };
"""


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/nginx/wicketgate")
    script = fill(_SCRIPT, name=config.name, tag=NAME_TAGS[config.kind], problem=problem_with("PATH"))
    return fill(
        _TEMPLATE,
        heading=heading("nginx", config),
        script_file=str(PurePosixPath(files.ca).parent / "wicketgate_guard.js"),
        script=embedded(script, "#js"),
        strip="\n".join(f'        proxy_set_header {name} "";' for name in CERTIFICATE_HEADERS),
        listen=config.listen,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl=f"    ssl_crl {files.crl};\n" if files.crl else "",
        upstream=config.upstream_address,
    )


SERVER = MtlsServer(name="nginx", render=_render)
