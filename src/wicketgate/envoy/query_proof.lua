-- Moves a secret from the header that carried it here into the query, in place of any field of that name.

local CARRIER = "x-wicketgate-query-proof"

local function name_of(field)
  local name = field:match("^[^=]*"):gsub("+", " ")
  return (name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local proof = headers:get(CARRIER)
  headers:remove(CARRIER)
  local path, query = headers:get(":path"):match("^([^?]*)%??(.*)$")
  local kept = {}
  for field in query:gmatch("[^&]+") do
    if name_of(field) ~= name_of(proof) then kept[#kept + 1] = field end
  end
  kept[#kept + 1] = proof
  headers:replace(":path", path .. "?" .. table.concat(kept, "&"))
end
