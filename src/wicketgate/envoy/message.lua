-- Changes that Envoy's own filters cannot make: queries without decoding what is not ours, URL templates, the status.
-- One constant program for all routes; what a route wants stands in its filter context (see message_program.py).

local function encode(text)
  return (text:gsub("[^%w%-%._~]", function(char) return string.format("%%%02X", char:byte()) end))
end

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function split(path)
  local mark = path:find("?", 1, true)
  if mark then return path:sub(1, mark - 1), path:sub(mark + 1) end
  return path, nil
end

local function fields(query)
  local list = {}
  for field in (query or ""):gmatch("[^&]+") do
    local name, value = field:match("^([^=]*)=?(.*)$")
    list[#list + 1] = { raw = field, name = decode(name), value = value }
  end
  return list
end

local function join(list)
  local raw = {}
  for index, field in ipairs(list) do raw[index] = field.raw end
  return table.concat(raw, "&")
end

local function without(list, name)
  local kept, found = {}, false
  for _, field in ipairs(list) do
    if field.name == name then found = true else kept[#kept + 1] = field end
  end
  return kept, found
end

local function change(list, step)
  local kept, found = without(list, step.name)
  if step.op == "remove" then return kept end
  if found and not step.overwrite then return list end
  kept[#kept + 1] = { raw = encode(step.name) .. "=" .. encode(step.value), name = step.name, value = encode(step.value) }
  return kept
end

local function first_value(list, name)
  for _, field in ipairs(list) do
    if field.name == name then return decode(field.value) end
  end
  return ""
end

local url_parts = {
  pathname = function(request) return request.path, true end,
  search = function(request) return request.query ~= "" and "?" .. request.query or "", true end,
  method = function(request) return request.headers:get(":method") end,
  host = function(request) return request.headers:get(":authority") or "" end,
  protocol = function(request) return (request.headers:get(":scheme") or "") .. ":" end,
  requestId = function(request) return request.headers:get("x-request-id") or "" end,
}

function url_parts.hostname(request)
  local host = url_parts.host(request)
  return host:match("^(%[.*%])") or host:match("^[^:]*")
end

function url_parts.port(request)
  return url_parts.host(request):match(":(%d+)$") or ""
end

function url_parts.origin(request)
  return url_parts.protocol(request) .. "//" .. url_parts.host(request)
end

function url_parts.url(request)
  return url_parts.origin(request) .. request.path .. url_parts.search(request)
end

local function insertion(part, request)
  if part.param and part.moved then return request.params[part.param] or "" end
  if part.param then return encode(decode((request.params[part.param] or ""):gsub("+", "%%2B"))) end
  if part.query then return encode(first_value(request.list, part.query)) end
  if part.header then return encode(request.headers:get(part.header) or "") end
  local value, is_url_syntax = url_parts[part.part](request)
  if is_url_syntax and not part.encoded then return value end
  return encode(value)
end

local function fill(template, request)
  local out = {}
  for index, part in ipairs(template) do
    out[index] = part.text or insertion(part, request)
  end
  return table.concat(out)
end

-- A value such as ".." would make the origin serve another folder than the template names.
local function climbs(path)
  for segment in (path .. "/"):gmatch("([^/]*)/") do
    if segment == "." or segment == ".." then return true end
  end
  return false
end

-- A value that is empty leaves no empty segment: a signature would have none, and origins differ in what they make of it.
local function merged(url)
  local path, query = split(url)
  path = path:gsub("//+", "/")
  return query and path .. "?" .. query or path
end

local function rewritten(context, request)
  local template = context:get("template")
  if not template then return request.path .. (request.query ~= "" and "?" .. request.query or "") end
  local captures = context:get("captures")
  request.params = captures and { request.path:match(captures) } or {}
  local url = fill(template, request)
  if context:get("merge") then url = merged(url) end
  if climbs((split(url))) then return nil end
  if request.query == "" or not context:get("forward_search") then return url end
  return url .. (url:find("?", 1, true) and "&" or "?") .. request.query
end

local function change_request(handle)
  local context, headers = handle:filterContext(), handle:headers()
  local path, query = split(headers:get(":path"))
  local list = fields(query)
  for _, step in ipairs(context:get("query") or {}) do list = change(list, step) end
  if context:get("drop_search") then list = {} end
  local request = { path = path, query = join(list), list = list, headers = headers }
  local url = rewritten(context, request)
  if url then
    -- The router leaves the caller's path here when it rewrites; logs and error pages read it.
    headers:replace("x-envoy-original-path", headers:get(":path"))
    headers:replace(":path", url)
    handle:streamInfo():dynamicMetadata():set("wicketgate", "passed", true)
    return "changed"
  end
  return "climbs"
end

-- Envoy forwards the request as it is when a script fails; this one answers instead.
function envoy_on_request(handle)
  local ok, outcome = pcall(change_request, handle)
  if ok and outcome == "changed" then return end
  handle:respond({ [":status"] = ok and "400" or "503" }, "")
end

function envoy_on_response(handle)
  local status = handle:filterContext():get("status")
  local metadata = handle:streamInfo():dynamicMetadata():get("wicketgate")
  -- What an earlier filter refused never came by here, and keeps its status.
  if status and metadata and metadata["passed"] then handle:headers():replace(":status", status) end
end
