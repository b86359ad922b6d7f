"""HAProxy with Lua: OpenSSL checks the chain, a small script reads the names in the certificate."""

from __future__ import annotations

from pathlib import PurePosixPath

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.der_lua import is_gateway
from wicketgate.guards.mtls.server import CERTIFICATE_HEADERS, MtlsServer, heading
from wicketgate.guards.server import embedded, fill, problem_with

_TEMPLATE = """\
@heading@
# Needs HAProxy 2.6 with Lua (haproxy -vv | grep LUA; Debian's has it): HAProxy itself shows the subject of a client
# certificate but not its alternative names.
#
# 1. Save this text as haproxy.cfg, or as a further file after it (-f).
# 2. Put the script at its end into a file of its own, and the server's certificate and key into one, in bash:
#   $ sed -n 's/^#lua //p' haproxy.cfg > @script_file@
#   $ (umask 077; cat @certificate@ @key@ > @pair@)
# Without one of the files HAProxy does not start.
global
    lua-load @script_file@
    # A resumed session would skip the check of expiry and revocation. The cache belongs to the whole process.
    tune.ssl.cachesize 0

frontend wicketgate_guard
    bind @listen@ ssl crt @pair@ alpn h2,http/1.1 ssl-min-ver TLSv1.2 no-tls-tickets \
ca-file @ca@ verify required@crl@
    mode http
    timeout client 60s
    acl wicketgate_gateway ssl_c_der,hex,lua.wicketgate_peer -m str gateway
    # In case a later file turns the cache on again.
    acl wicketgate_resumed ssl_fc_is_resumed
    http-request return status 401 content-type application/problem+json hdr cache-control no-store \
lf-string '@problem@' if !wicketgate_gateway or wicketgate_resumed
    # What a caller claims about a certificate is not what was checked here; some frameworks take _ for -.
@strip@
    default_backend wicketgate_origin

backend wicketgate_origin
    mode http
    timeout connect 5s
    timeout server 60s
    timeout tunnel 1h
    server origin @upstream@

@script@
"""

_CONVERTER = """\

-- HAProxy hands a binary sample over as text only, so it comes in hexadecimal.
core.register_converters("wicketgate_peer", function(hex)
  local der = hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  return is_gateway(der) and "gateway" or "stranger"
end)
"""


def _strip() -> str:
    patterns = "|".join(name.replace("-", "[-_]") for name in CERTIFICATE_HEADERS)
    return f"    http-request del-header '^({patterns})$' -m reg"


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/haproxy/wicketgate")
    folder = PurePosixPath(files.certificate).parent
    return fill(
        _TEMPLATE,
        heading=heading("HAProxy", config),
        script=embedded(is_gateway(config) + _CONVERTER, "#lua"),
        script_file=str(folder / "wicketgate_guard.lua"),
        pair=str(folder / "server.pem"),
        problem=problem_with('"%[path,json(utf8s)]"'),
        strip=_strip(),
        listen=config.listen,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl=f" crl-file {files.crl}" if files.crl else "",
        upstream=config.upstream_address,
    )


SERVER = MtlsServer(name="haproxy", render=_render)
