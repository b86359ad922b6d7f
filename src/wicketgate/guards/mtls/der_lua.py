"""Lua that finds a name among a certificate's alternative names, for servers that do not show them."""

from __future__ import annotations

from wicketgate.guards.mtls.config import MtlsConfig
from wicketgate.guards.server import fill

# OpenSSL has parsed and verified the certificate before; the walk needs no more than to find RFC 5280's
# subjectAltName and compare whole names. An error in it is a refusal on every server that uses it.
_SCRIPT = """\
local GATEWAY = "@name@"
local NAME_TAG = @tag@
local SUBJECT_ALT_NAME = string.char(0x55, 0x1d, 0x11)

-- The DER element at a place as {tag, content}, and the place after it.
local function element(der, at)
  local tag, length = der:byte(at, at + 1)
  local first = at + 2
  if length >= 0x80 then
    local bytes = length - 0x80
    assert(bytes >= 1 and bytes <= 3, "length of a DER element")
    length = 0
    for i = first, first + bytes - 1 do length = length * 256 + der:byte(i) end
    first = first + bytes
  end
  local after = first + length
  assert(after <= #der + 1, "DER element is cut off")
  return {tag, der:sub(first, after - 1)}, after
end

local function elements(der)
  local found, at = {}, 1
  while at <= #der do found[#found + 1], at = element(der, at) end
  return found
end

local function inside(element)
  return elements(element[2])
end

-- GeneralNames of the certificate; none when it has no such extension.
local function alternative_names(der)
  for _, field in ipairs(inside(inside((element(der, 1)))[1])) do
    if field[1] == 0xa3 then
      for _, extension in ipairs(inside(inside(field)[1])) do
        local parts = inside(extension)
        if parts[1][2] == SUBJECT_ALT_NAME then return inside(inside(parts[#parts])[1]) end
      end
    end
  end
  return {}
end

local function is_gateway(der)
  for _, name in ipairs(alternative_names(der)) do
    if name[1] == NAME_TAG and name[2] == GATEWAY then return true end
  end
  return false
end
"""

NAME_TAGS = {"DNS": "0x82", "URI": "0x86"}
"""The context tags of GeneralName (RFC 5280, 4.2.1.6)."""


def is_gateway(config: MtlsConfig) -> str:
    """Lua 5.1 or newer with a local function `is_gateway`, which takes a certificate in DER; more may follow it."""
    return fill(_SCRIPT, name=config.name, tag=NAME_TAGS[config.kind])
