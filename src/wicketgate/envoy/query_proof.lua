-- Moves a secret from the header that carried it here into the query, in place of any field of that name.

local CARRIER = "x-wicketgate-query-proof"

local function name_of(field)
  local name = field:match("^[^=]*"):gsub("+", " ")
  return (name:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function move(handle)
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

-- Envoy forwards the request as it is when a script fails: without the proof it must not go.
function envoy_on_request(handle)
  if not pcall(move, handle) then handle:respond({ [":status"] = "503" }, "") end
end
