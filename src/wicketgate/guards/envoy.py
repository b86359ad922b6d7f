"""Envoy: a Lua filter compares the header with the lines of a secret file."""

from __future__ import annotations

from wicketgate.guards.config import MINIMUM_SECRET_BYTES, GuardConfig
from wicketgate.guards.envoy_parts import DEMAND_ACCEPTED, REFUSALS, origin_cluster, script_filter, socket_address
from wicketgate.guards.server import Server, ask_secret, fill, heading, problem_with

_TEMPLATE = """\
@heading@
# Write the secret into a file that only Envoy's user can read, in bash:
@ask_current@
# To rotate: add the next one; later remove the first line. The file is read again once a second, no reload.
@ask_next@
# Without the file, or with none or a short secret in it, Envoy does not start; when it is spoilt later, the
# last good secrets stay in force and the log says so.
# Envoy's own matchers would put the secret into the configuration, where the admin interface shows it.
static_resources:
  listeners:
  - name: wicketgate_guard
    address:
      socket_address: @listen@
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.\
HttpConnectionManager
          stat_prefix: wicketgate_guard
          upgrade_configs:
          - upgrade_type: websocket
          http_filters:
@script@@demand@          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
@refusals@          route_config:
            name: wicketgate_guard
            virtual_hosts:
            - name: origin
              domains: ["*"]
              routes:
              - match: {prefix: "/"}
                route: {cluster: wicketgate_origin}
  clusters:
@origin@"""

_SCRIPT = """\
local HEADER = "@header@"
local FILE = "@file@"
local OBSERVE = @observe@

local function read_secrets()
  local file, reason = io.open(FILE, "r")
  if not file then return nil, reason end
  local found = {}
  for line in file:lines() do
    local secret = line:match("^%s*(.-)%s*$")
    if #secret > 0 then found[#found + 1] = secret end
    if #secret > 0 and #secret < @minimum@ then
      file:close()
      return nil, FILE .. ": a secret has fewer than @minimum@ bytes"
    end
  end
  file:close()
  if #found < 1 or #found > 2 then
    return nil, FILE .. ": has " .. #found .. " secrets and needs one, or two during a rotation"
  end
  return found
end

local secrets, looked_at = {}, nil

-- Looks once in each second of the clock, also in one that is set back.
local function accepted_secrets(handle)
  if os.time() ~= looked_at then
    looked_at = os.time()
    local again, reason = read_secrets()
    if again then
      secrets = again
    else
      local so = #secrets > 0 and "the last good secrets stay in force" or "no secret is accepted"
      handle:logErr("wicketgate guard: " .. reason .. "; " .. so)
    end
  end
  return secrets
end

-- Looks at every byte of what was sent, whatever differs, so its time depends on the sender's length only.
local function equal(given, secret)
  local difference = bit.bxor(#given, #secret)
  for i = 1, #given do
    difference = bit.bor(difference, bit.bxor(given:byte(i), secret:byte((i - 1) % #secret + 1)))
  end
  return difference == 0
end

local function spellings(headers)
  local found = {}
  for name in pairs(headers) do
    if name ~= HEADER and name:gsub("_", "-") == HEADER then found[#found + 1] = name end
  end
  return found
end

local function verdict(handle, aliases)
  local headers = handle:headers()
  local value = headers:get(HEADER)
  if #aliases > 0 then return "aliased" end
  if value == nil or value == "" then return "missing" end
  if headers:getNumValues(HEADER) ~= 1 then return "duplicate" end
  local matched = false
  for _, secret in ipairs(accepted_secrets(handle)) do
    matched = equal(value, secret) or matched
  end
  return matched and "accepted" or "mismatch"
end

local function escaped(path)
  return (path:gsub("[^%w%-%._~!$&'()*+,;=:@/%%]", function(c) return string.format("%%%02X", c:byte()) end))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local aliases = spellings(headers)
  local found = verdict(handle, aliases)
  local path = escaped((headers:get(":path") or ""):match("^[^?#]*"))
  headers:remove(HEADER)
  for _, name in ipairs(aliases) do headers:remove(name) end
  if found == "accepted" then return handle:streamInfo():dynamicMetadata():set("wicketgate", "accepted", true) end
  local done = OBSERVE and "let through (observe mode)" or "refused"
  handle:logWarn("wicketgate guard: " .. done .. ": header " .. HEADER .. " " .. found .. ", path " .. path)
  if OBSERVE then return end
  handle:respond(
    {[":status"] = "401", ["content-type"] = "application/problem+json", ["cache-control"] = "no-store"},
    [[@problem_head@]] .. path .. [[@problem_tail@]])
end

-- Fails the load, and so the start of Envoy, when there is no usable secret. It stands last: each worker runs the
-- script again, and where it fails then, Envoy goes on with what it has read so far.
secrets = assert(read_secrets())
looked_at = os.time()
"""


def _script(config: GuardConfig, file: str) -> str:
    head, tail = problem_with('"PATH"').split("PATH")
    return fill(
        _SCRIPT,
        header=config.header,
        file=file,
        observe="false" if config.enforcing else "true",
        minimum=str(MINIMUM_SECRET_BYTES),
        problem_head=head,
        problem_tail=tail,
    )


def _render(config: GuardConfig) -> str:
    file = config.secret_file or "/etc/envoy/wicketgate-guard.secrets"
    return fill(
        _TEMPLATE,
        heading=heading("Envoy", config),
        ask_current=ask_secret(f"""printf '%s\\n' "$SECRET" > {file}"""),
        ask_next=ask_secret(f"""printf '%s\\n' "$SECRET" >> {file}"""),
        script=script_filter(_script(config, file)),
        demand=DEMAND_ACCEPTED if config.enforcing else "",
        refusals=REFUSALS if config.enforcing else "",
        listen=socket_address(config.listen_at),
        origin=origin_cluster(config.upstream_at),
    )


SERVER = Server("envoy", _render)
