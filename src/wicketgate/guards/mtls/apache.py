"""Apache httpd 2.4.64 or newer with mod_lua: OpenSSL checks the chain, a small script reads the names."""

from __future__ import annotations

from pathlib import PurePosixPath

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.mtls.der_lua import is_gateway
from wicketgate.guards.mtls.server import CERTIFICATE_HEADER_SPELLINGS, MtlsServer, heading
from wicketgate.guards.server import embedded, fill, problem_with

# httpd's own expressions know the names as one text only, "DNS:a, URI:b", in which a name may pretend to be two.
_TEMPLATE = """\
@heading@
# Needs mod_headers, mod_lua, mod_proxy, mod_proxy_http and mod_ssl (a2enmod headers lua proxy_http ssl). Before
# httpd 2.4.64, a session of another virtual host could be resumed here without the check (CVE-2025-23048).
#
# 1. Save this text as wicketgate-guard.conf where httpd includes it (/etc/apache2/sites-enabled).
# 2. Put the script at its end into a file of its own. Without it every request is refused with 500.
# 3. Turn the session cache off, which Debian turns on for the whole process: a resumed session would skip the
#    check of expiry and revocation, and is refused below. In bash:
#   $ sed -n 's/^#lua //p' wicketgate-guard.conf > @script_file@
#   $ sed -i 's/^[[:space:]]*SSLSessionCache[[:space:]]/#&/' @ssl_conf@
SSLSessionCache none

# The only virtual host of its address, or the first: requests for every name come here.
Listen @listen@
<VirtualHost @listen@>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile @certificate@
    SSLCertificateKeyFile @key@

    SSLCACertificateFile @ca@
    SSLVerifyClient require
    # The client's certificate, one intermediate, the root.
    SSLVerifyDepth 2
@crl@
    SSLSessionTickets off

    TraceEnable off
    ProxyRequests off
    LuaHookAccessChecker @script_file@ check_peer early
    ErrorDocument 401 '@problem@'
    Header always set Content-Type application/problem+json env=WICKETGATE_GUARD
    Header always set Cache-Control no-store env=WICKETGATE_GUARD

    # What a caller claims about a certificate is not what was checked here; some frameworks take _ for -.
@strip@
    ProxyPreserveHost on
    # The path goes on byte for byte; by default httpd answers an encoded slash with 404.
    AllowEncodedSlashes NoDecode
    ProxyPass "/" "http://@upstream@/" nocanon upgrade=websocket
</VirtualHost>

@script@
"""

_HOOK = """\

require "apache2"

function check_peer(r)
  local pem = r:ssl_var_lookup("SSL_CLIENT_CERT") or ""
  local base64 = pem:gsub("%-%-%-%-%-[^%-]*%-%-%-%-%-", ""):gsub("%s", "")
  -- httpd's decoder drops a last byte of zero, and a signature may end with one.
  local der = r:base64_decode(base64) .. "\\0"
  local fresh = r:ssl_var_lookup("SSL_SESSION_RESUMED") == "Initial"
  if fresh and base64 ~= "" and is_gateway(der) then return apache2.DECLINED end
  r.subprocess_env["WICKETGATE_GUARD"] = "refused"
  return 401
end
"""


def _render(config: MtlsConfig) -> str:
    files = config.files("/etc/apache2/wicketgate")
    crl = f"    SSLCARevocationFile {files.crl}\n    SSLCARevocationCheck chain\n"
    return fill(
        _TEMPLATE,
        heading=heading("Apache httpd", config),
        problem=problem_with('"%{escape:%{REQUEST_URI}}"'),
        strip="\n".join(f"    RequestHeader unset {name}" for name in CERTIFICATE_HEADER_SPELLINGS),
        script=embedded(is_gateway(config) + _HOOK, "#lua"),
        script_file=str(PurePosixPath(files.ca).parent / "wicketgate_guard.lua"),
        ssl_conf="/etc/apache2/mods-available/ssl.conf",
        listen=config.listen,
        ca=files.ca,
        certificate=files.certificate,
        key=files.key,
        crl=crl if files.crl else "",
        upstream=config.upstream_address,
    )


SERVER = MtlsServer(name="apache", render=_render)
