"""nginx with its njs module: a script verifies the token, nginx's own cache keeps the issuer's keys."""

from __future__ import annotations

from wicketgate.guards.server import embedded, fill, problem_with
from wicketgate.guards.token.config import TokenConfig
from wicketgate.guards.token.server import TokenServer

_TEMPLATE = """\
# Wicketgate guard for nginx: only tokens of @issuer@ for @audience@, signed by ES256 or RS256.
# Needs the njs module 0.7.9 or newer (Debian: libnginx-mod-http-js, nginx.org: nginx-module-njs); it has no EdDSA.
# Put TLS on the listener as you do elsewhere: a token that is read on its way can be used until it ends.
#
# 1. Save this text as @name@.conf where the http block includes it (/etc/nginx/conf.d).
# 2. Put the script at its end into a file of its own, in bash:
#   $ sed -n 's/^#js //p' @name@.conf > /etc/nginx/@name@.js
#
# nginx looks up the issuer's name when it starts: reload it when the address changes. The keys are fetched every five
# minutes, and for a key that is not among them at most every thirty seconds. While the issuer is down the last
# ones serve for a day. Without keys nobody is let in. A body is read, up to client_max_body_size, before the verdict.
js_import @name@ from /etc/nginx/@name@.js;

proxy_cache_path /var/cache/@name@ keys_zone=@name@:64k max_size=1m inactive=12h use_temp_path=off;

map $http_upgrade $@name@_connection {
    default upgrade;
    ""      "";
}

server {
    listen @listen@;
    # Some frameworks take _ for -: such names are dropped here and never reach the application.
    underscores_in_headers off;
    ignore_invalid_headers on;

    location / {
        js_content @name@.check;
    }
    location @wicketgate_origin {
        proxy_pass http://@upstream@;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $@name@_connection;
        # The application does not see the token.
        proxy_set_header Authorization "";
    }
    location = @kept@ {
@ask@
        proxy_pass http://@keys@/kept;
        proxy_cache_key near-kept;
        proxy_cache_valid 200 5s;
    }
    location = @fresh@ {
@ask@
        proxy_pass http://@keys@/fresh;
        proxy_cache_key near-fresh;
        proxy_cache_valid 200 1s;
    }
}

# The keys, for this machine alone. One request asks the issuer while the others get what is there: so nginx does here,
# and not for what a script asks.
server {
    listen @keys@;
    access_log off;
    location = /kept {
@fetch@
        proxy_cache_key kept;
        proxy_cache_valid 200 5m;
        proxy_cache_background_update on;
        proxy_cache_use_stale updating error timeout invalid_header http_403 http_404 http_429 http_500 http_502 \
http_503 http_504;
    }
    location = /fresh {
@fetch@
        proxy_cache_key fresh;
        proxy_cache_valid 200 30s;
        proxy_cache_use_stale updating;
    }
}

@script@
"""

_KEPT, _FRESH = "/.wicketgate-guard/kept", "/.wicketgate-guard/fresh"

# Nothing of the request goes to the issuer, and nothing but `proxy_cache_valid` decides how long its answer is kept.
_BARE = """\
        proxy_http_version 1.1;
        proxy_pass_request_headers off;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_pass_header Date;
        proxy_cache @name@;
        proxy_cache_lock on;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary X-Accel-Expires;"""

_ASK = f"""\
        internal;
        subrequest_output_buffer_size 256k;
{_BARE}"""

_FETCH = f"""\
        proxy_pass @jwks@;
{_BARE}
        proxy_connect_timeout 5s;
        proxy_read_timeout 5s;
@tls@
        proxy_cache_valid 403 404 429 500 502 503 504 5s;"""

_TLS = """\
        proxy_ssl_protocols TLSv1.2 TLSv1.3;
        proxy_ssl_server_name on;
        proxy_ssl_name @issuer_host@;
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 4;
        # The authorities of the system; another file, if the gateway's certificate is of your own.
        proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;"""

# `import`, `const`, arrow functions and `await` are all that njs 0.7 needs to know; it has neither `for of` nor JWKs.
_SCRIPT = """\
const ISSUER = '@issuer@';
const AUDIENCE = '@audience@';
const SKEW = 60;
const LONGEST_LIFE = 3600;
const KEEP = 86400;

const ALGORITHMS = {
    ES256: { spki: ellipticKey, use: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } },
    RS256: { spki: rsaKey, use: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } },
};

function bytes(text) {
    return Buffer.from(text, 'base64url');
}

function der(tag, content) {
    const size = content.length;
    const head = size < 128 ? [tag, size] : [tag, 0x82, size >> 8, size & 255];
    return Buffer.concat([Buffer.from(head), content]);
}

function integer(text) {
    const value = bytes(text);
    return der(2, value[0] < 128 ? value : Buffer.concat([Buffer.from([0]), value]));
}

// SubjectPublicKeyInfo (RFC 5480): everything before the two coordinates is the same for each key.
function ellipticKey(jwk) {
    const x = bytes(jwk.x), y = bytes(jwk.y);
    if (jwk.crv !== 'P-256' || x.length !== 32 || y.length !== 32) {
        throw new Error('no P-256 key');
    }
    const head = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
    return Buffer.concat([head, x, y]);
}

// SubjectPublicKeyInfo (RFC 8017, appendix A.1): modulus and exponent.
function rsaKey(jwk) {
    if (bytes(jwk.n).length < 256) {
        throw new Error('RSA key is short');
    }
    const key = der(0x30, Buffer.concat([integer(jwk.n), integer(jwk.e)]));
    const rsaEncryption = Buffer.from('300d06092a864886f70d0101010500', 'hex');
    return der(0x30, Buffer.concat([rsaEncryption, der(3, Buffer.concat([Buffer.from([0]), key]))]));
}

// Keys of the issuer; none when they cannot be had, or are older than a day.
async function keys(r, place) {
    const answer = await r.subrequest(place);
    const age = (Date.now() - Date.parse(answer.headersOut['Date'])) / 1000;
    if (!(age < KEEP)) {
        r.warn('wicketgate guard: the keys are older than a day');
        return [];
    }
    try {
        return JSON.parse(answer.responseText).keys.filter(key => typeof key.kid === 'string');
    } catch (error) {
        r.warn(`wicketgate guard: what the issuer answers is no key set, status ${answer.status}`);
        return [];
    }
}

async function keyOf(r, head) {
    // A key serves the one algorithm that it is for: a public key is never taken for a shared secret.
    const fits = key => key.kid === head.kid && (key.alg === undefined || key.alg === head.alg) &&
        (key.use === undefined || key.use === 'sig');
    const kept = (await keys(r, '@kept@')).filter(fits);
    return kept.length ? kept[0] : (await keys(r, '@fresh@')).filter(fits)[0];
}

// What stands between the request and the application; nothing, if it is the gateway's.
async function fault(r) {
    // nginx itself answers a repeated one with 400.
    const given = r.headersIn.Authorization || '';
    const found = given.match(/^Bearer +([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]+)$/i);
    if (!found) {
        return 'is no token';
    }
    const head = JSON.parse(bytes(found[1]).toString());
    if (!Object.keys(ALGORITHMS).includes(head.alg) || head.crit !== undefined || typeof head.kid !== 'string') {
        return 'has a head that is not allowed';
    }
    const key = await keyOf(r, head);
    if (!key) {
        return 'has a key that the issuer does not publish';
    }
    const algorithm = ALGORITHMS[head.alg];
    const imported = await crypto.subtle.importKey('spki', algorithm.spki(key), algorithm.use, false, ['verify']);
    const signed = Buffer.from(`${found[1]}.${found[2]}`);
    if (await crypto.subtle.verify(algorithm.use, imported, bytes(found[3]), signed) !== true) {
        return 'has another signature';
    }
    return claimed(JSON.parse(bytes(found[2]).toString()));
}

function claimed(claims) {
    const now = Date.now() / 1000;
    const begins = claims.nbf === undefined ? claims.iat : claims.nbf;
    if (claims.iss !== ISSUER) {
        return 'is of another issuer';
    }
    const audience = Array.isArray(claims.aud) && claims.aud.length === 1 ? claims.aud[0] : claims.aud;
    if (audience !== AUDIENCE) {
        return 'is for another audience';
    }
    if (![claims.exp, claims.iat, begins].every(Number.isFinite) || claims.exp - claims.iat > LONGEST_LIFE) {
        return 'has dates that are not allowed';
    }
    if (now >= claims.exp + SKEW) {
        return 'is expired';
    }
    return Math.max(begins, claims.iat) > now + SKEW ? 'is not valid yet: compare the clocks' : '';
}

async function check(r) {
    let why = 'cannot be verified';
    try {
        why = await fault(r);
    } catch (error) {
        // Of somebody's making: its words could be the token's.
    }
    if (why === '') {
        r.internalRedirect('@wicketgate_origin');
        return;
    }
    r.warn(`wicketgate guard: token ${why}`);
    refuse(r);
}

function refuse(r) {
    const path = JSON.stringify(r.variables.request_uri.split('?')[0]);
    r.headersOut['Content-Type'] = 'application/problem+json';
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(401, '@problem@'.replace('PATH', () => path));
}

export default { check };
"""


def _render(config: TokenConfig) -> str:
    host, _ = config.issuer_at
    places = {"kept": _KEPT, "fresh": _FRESH}
    names = {"issuer": config.issuer, "audience": config.audience}
    tls = fill(_TLS, issuer_host=host) if config.is_tls else ""
    # The script goes in last: nothing in it is then taken for a place of the template.
    return fill(
        _TEMPLATE,
        fetch=fill(_FETCH, tls=tls, jwks=config.jwks_url),
        ask=_ASK,
        keys=config.keys_at,
        name=config.name,
        listen=config.listen,
        upstream=config.upstream,
        **places,
        **names,
        script=embedded(fill(_SCRIPT, problem=problem_with("PATH"), **places, **names), "#js"),
    )


SERVER = TokenServer(name="nginx", render=_render)
