"""Apache httpd with mod_oauth2, which verifies signatures, and a script for what it leaves open."""

from __future__ import annotations

from wicketgate.guards.server import embedded, fill, problem_with
from wicketgate.guards.token.config import TokenConfig
from wicketgate.guards.token.server import TokenServer

# mod_oauth2 3.3 looks at no `nbf` and no algorithm, tries every key when the token names none, keeps a verdict for five
# minutes whether the token ends or not, and fetches for each key that it does not know.
_TEMPLATE = """\
# Wicketgate guard for Apache httpd: only tokens of @issuer@ for @audience@, signed by ES256 or RS256.
# Needs mod_oauth2 3.3 (Debian: libapache2-mod-oauth2), which has no EdDSA, and mod_cache_socache, mod_headers, mod_lua,
# mod_proxy_http, mod_socache_shmcb and mod_ssl (a2enmod oauth2 cache_socache headers lua proxy_http socache_shmcb ssl).
# Put TLS on the listener as you do elsewhere: a token that is read on its way can be used until it ends.
#
# 1. Save this text as @name@.conf where httpd includes it (/etc/apache2/sites-enabled).
# 2. Put the script at its end into a file of its own. Without it every request is refused with 500. In bash:
#   $ sed -n 's/^#lua //p' @name@.conf > /etc/apache2/@name@.lua

# The keys of the issuer, for this machine alone. They are fetched every five minutes, and for a key that is not among
# them at most every thirty seconds; until a first answer has come, for each request. While the issuer is down the last
# ones serve for a day.
Listen @keys@
<VirtualHost @keys@>
    ProxyRequests off
    ProxyPass "/keys" "@jwks@" connectiontimeout=5 timeout=5 retry=5
@tls@
    # How long the answer is kept is said here, not there.
    Header unset Pragma
    Header unset Vary
    Header set Cache-Control max-age=30 "expr=%{REQUEST_STATUS} == 200"
    Header set Cache-Control no-store "expr=%{REQUEST_STATUS} != 200"
    CacheEnable socache "/keys"
    CacheSocache shmcb
    CacheSocacheMinTime 86400
    CacheSocacheMaxTime 86400
    CacheStaleOnError on
    # One asks at a time, and the others get what is there. httpd's user has to be able to write here.
    CacheLock on
    CacheLockPath /var/lock/apache2/@name@
    CacheLockMaxAge 15
</VirtualHost>

# The only virtual host of its address, or the first: requests for every name come here.
Listen @listen@
<VirtualHost @listen@>
    TraceEnable off
    ProxyRequests off
    LuaHookAccessChecker /etc/apache2/@name@.lua check_head early
    LuaHookAuthChecker /etc/apache2/@name@.lua check_claims early
    LuaHookFixups /etc/apache2/@name@.lua accept
    <Location "/">
        AuthType oauth2
        OAuth2AcceptTokenIn header name=Authorization&type=Bearer
        OAuth2TokenVerify jwks_uri http://@keys@/keys \
jwks_uri.expiry=300&verify.exp=skip&verify.iat=skip
        # For the script, which looks at the dates, and not for the application.
        OAuth2TargetPass envvars=On&headers=Off
        <RequireAll>
            Require oauth2_claim "iss:@issuer@"
            Require oauth2_claim "aud:@audience@"
        </RequireAll>
    </Location>
    ErrorDocument 401 '@problem@'
    Header always set Content-Type application/problem+json \
"expr=%{REQUEST_STATUS} == 401 && reqenv('WICKETGATE_GUARD') != 'accepted'"
    Header always set Cache-Control no-store \
"expr=%{REQUEST_STATUS} == 401 && reqenv('WICKETGATE_GUARD') != 'accepted'"

    # The application does not see the token.
    RequestHeader unset Authorization
    ProxyPreserveHost on
    # The path goes on byte for byte; by default httpd answers an encoded slash with 404.
    AllowEncodedSlashes NoDecode
    ProxyPass "/" "http://@upstream@/" nocanon upgrade=websocket
</VirtualHost>

@script@
"""

_TLS = """\
    SSLProxyEngine on
    SSLProxyProtocol -all +TLSv1.2 +TLSv1.3
    SSLProxyVerify require
    SSLProxyVerifyDepth 4
    SSLProxyCheckPeerName on
    # The authorities of the system; another file, if the gateway's certificate is of your own.
    SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt"""

_SCRIPT = """\
require "apache2"

local AUDIENCE = '@audience@'
local SKEW, LONGEST_LIFE = 60, 3600

local function refused(r, why)
  r:warn("wicketgate guard: token " .. why)
  return 401
end

-- The value of a text in the head, if it is there once.
local function text_of(head, name)
  local _, count = head:gsub('"' .. name .. '"', "")
  return count == 1 and head:match('"' .. name .. '"%s*:%s*"([^"]+)"')
end

-- Before the signature is looked at: one token, of an algorithm and with a key that are allowed.
function check_head(r)
  local given = r.headers_in["Authorization"] or ""
  local part = given:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +([%w_-]+)%.[%w_-]+%.[%w_-]+$")
  if not part then return refused(r, "is missing, repeated or none") end
  local padded = part:gsub("-", "+"):gsub("_", "/") .. ("="):rep(-#part % 4)
  local head = r:base64_decode(padded) or ""
  -- Without escapes and repeated names this reads what a parser reads.
  local algorithm = not head:find("\\\\", 1, true) and text_of(head, "alg")
  if algorithm ~= "ES256" and algorithm ~= "RS256" then return refused(r, "has an algorithm that is not allowed") end
  if not text_of(head, "kid") or head:find('"crit"', 1, true) then
    return refused(r, "has a head that is not allowed")
  end
  return apache2.DECLINED
end

-- After it. What mod_oauth2 has verified it remembers for a while: the dates are looked at here, each time. It has seen
-- that one audience is ours, not that there is no other.
function check_claims(r)
  local claims = function(name) return r.subprocess_env["OAUTH2_CLAIM_" .. name] end
  if claims("aud") ~= AUDIENCE then return refused(r, "is for another audience") end
  local ends, made, begins = tonumber(claims("exp")), tonumber(claims("iat")), tonumber(claims("nbf") or claims("iat"))
  if not (ends and made and begins) or ends - made > LONGEST_LIFE then
    return refused(r, "has dates that are not allowed")
  end
  local now = os.time()
  if now >= ends + SKEW then return refused(r, "is expired") end
  if math.max(made, begins) > now + SKEW then return refused(r, "is not valid yet: compare the clocks") end
  return apache2.DECLINED
end

-- Later than every check: what is refused from here on is the application's.
function accept(r)
  r.subprocess_env["WICKETGATE_GUARD"] = "accepted"
  return apache2.DECLINED
end
"""


def _render(config: TokenConfig) -> str:
    names = {"issuer": config.issuer, "audience": config.audience}
    # The script goes in last: nothing in it is then taken for a place of the template.
    return fill(
        _TEMPLATE,
        jwks=config.jwks_url,
        tls=_TLS if config.is_tls else "",
        listen=config.listen,
        upstream=config.upstream,
        problem=problem_with('"%{escape:%{REQUEST_URI}}"'),
        name=config.name,
        keys=config.keys_at,
        **names,
        script=embedded(fill(_SCRIPT, **names), "#lua"),
    )


SERVER = TokenServer(name="apache", render=_render)
