-- Makes a request the invocation of a Lambda function: what the caller sent becomes an event in the body.
-- One constant program for all routes; what a route wants stands in its filter context (see lambda_program.py).

local ffi = require("ffi")

local LONGEST_EVENT = 6291456
local ESCAPED = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local SECOND_LOW = { [0xE0] = 0xA0, [0xF0] = 0x90 }
local SECOND_HIGH = { [0xED] = 0x9F, [0xF4] = 0x8F }

local ESCAPES, ESCAPED_SIZE = ffi.new("uint8_t[256][8]"), ffi.new("uint8_t[256]")
ffi.fill(ESCAPED_SIZE, 256, 1)

for code = 0, 31 do
  local char = string.char(code)
  ESCAPED[char] = ESCAPED[char] or string.format("\\u%04x", code)
end
for char, escaped in pairs(ESCAPED) do
  ffi.copy(ESCAPES[char:byte()], escaped)
  ESCAPED_SIZE[char:byte()] = #escaped
end

local function following(lead)
  if lead < 0x80 then return 0 end
  if lead >= 0xC2 and lead <= 0xDF then return 1 end
  if lead >= 0xE0 and lead <= 0xEF then return 2 end
  if lead >= 0xF0 and lead <= 0xF4 then return 3 end
  return nil
end

-- RFC 3629 section 4.
local function is_utf8(text)
  local bytes, size, at = ffi.cast("const uint8_t*", text), #text, 0
  while at < size do
    local lead = bytes[at]
    local count = following(lead)
    if not count or at + count >= size then return false end
    for step = 1, count do
      local low = step == 1 and SECOND_LOW[lead] or 0x80
      local high = step == 1 and SECOND_HIGH[lead] or 0xBF
      if bytes[at + step] < low or bytes[at + step] > high then return false end
    end
    at = at + count + 1
  end
  return true
end

-- Bytes that are no UTF-8 are read as ISO 8859-1, which header fields once were (RFC 9110 section 5.5).
local function as_utf8(text)
  if is_utf8(text) then return text end
  return (text:gsub("[\128-\255]", function(char)
    local code = char:byte()
    return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
  end))
end

local function quoted(text)
  return '"' .. as_utf8(text):gsub('[%z\1-\31"\\]', ESCAPED) .. '"'
end

local function escaped_size(text)
  local bytes, size = ffi.cast("const uint8_t*", text), 0
  for index = 0, #text - 1 do size = size + ESCAPED_SIZE[bytes[index]] end
  return size
end

-- For long texts: a pattern takes several times as long.
local function escape(text, size)
  local bytes, out, at = ffi.cast("const uint8_t*", text), ffi.new("uint8_t[?]", size), 0
  for index = 0, #text - 1 do
    local byte = bytes[index]
    local count = ESCAPED_SIZE[byte]
    if count == 1 then out[at] = byte else ffi.copy(out + at, ESCAPES[byte], count) end
    at = at + count
  end
  return ffi.string(out, size)
end

local function fits(size)
  if size > LONGEST_EVENT then error({ status = "413" }, 0) end
end

-- There is no place for them in an event, and Envoy's signer signs no request that has any.
local function refuse_trailers(handle)
  if not handle:trailers() then return end
  handle:streamInfo():dynamicMetadata():set("wicketgate", "refused", "trailers")
  error({ status = "400" }, 0)
end

local function member(name, json)
  return quoted(name) .. ":" .. json
end

local function object(members)
  return "{" .. table.concat(members, ",") .. "}"
end

local function array(items)
  local out = {}
  for index, item in ipairs(items) do out[index] = quoted(item) end
  return "[" .. table.concat(out, ",") .. "]"
end

-- Name and values in the order in which the names came first.
local function grouped(pairs_of)
  local names, values = {}, {}
  for _, pair in ipairs(pairs_of) do
    local name = pair[1]
    if not values[name] then
      names[#names + 1], values[name] = name, {}
    end
    table.insert(values[name], pair[2])
  end
  return names, values
end

local function mapped(pairs_of, json)
  local names, values = grouped(pairs_of)
  local members = {}
  for index, name in ipairs(names) do members[index] = member(name, json(values[name])) end
  return object(members)
end

local function last(values) return quoted(values[#values]) end
local function joined(values) return quoted(table.concat(values, ",")) end

local function or_null(pairs_of, json)
  return #pairs_of > 0 and mapped(pairs_of, json) or "null"
end

local function decode(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

local function query_pairs(query)
  local found = {}
  for field in query:gmatch("[^&]+") do
    local name, value = field:match("^([^=]*)=?(.*)$")
    found[#found + 1] = { decode(name), decode(value) }
  end
  return found
end

local function path_pairs(context, path)
  local pattern, found = context:get("captures"), {}
  if not pattern then return found end
  local values = { path:match(pattern) }
  for index, name in ipairs(context:get("params")) do
    found[index] = { name, decode((values[index] or ""):gsub("+", "%%2B")) }
  end
  return found
end

-- What Envoy itself needs, or tells itself, is none of the function's business.
local function header_pairs(headers)
  local found = { { "host", headers:get(":authority") or "" } }
  for name, value in pairs(headers) do
    if name:sub(1, 1) ~= ":" and name:sub(1, 8) ~= "x-envoy-" then found[#found + 1] = { name, value } end
  end
  return found
end

local function first_header(request, name)
  for _, pair in ipairs(request.headers) do
    if pair[1] == name then return pair[2] end
  end
  return ""
end

local function is_binary(context, content_type)
  local kind = content_type:match("^%s*([^;%s]*)"):lower()
  for _, wanted in ipairs(context:get("binary") or {}) do
    if wanted == "*/*" or wanted == kind then return true end
    if wanted:sub(-2) == "/*" and kind:sub(1, #wanted - 1) == wanted:sub(1, -2) then return true end
  end
  return false
end

-- What cannot become an event is known before any of it is encoded: a caller's body costs no more than being looked at.
local function body_members(handle, context, request)
  local bytes = request.body
  fits(#bytes)
  if bytes == "" then return "null", "false" end
  if is_binary(context, first_header(request, "content-type")) or not is_utf8(bytes) then
    fits(math.ceil(#bytes / 3) * 4)
    return '"' .. handle:base64Escape(bytes) .. '"', "true"
  end
  local size = escaped_size(bytes)
  fits(size)
  return '"' .. (size == #bytes and bytes or escape(bytes, size)) .. '"', "false"
end

local function without_port(address)
  return (address:match("^%[(.*)%]:%d+$") or address:match("^([^:]*):%d+$") or address)
end

local function context_members(handle, request)
  local seconds = math.floor(handle:timestamp() / 1000)
  local domain = without_port(first_header(request, "host"))
  return {
    id = quoted(first_header(request, "x-request-id")),
    domain = quoted(domain),
    prefix = quoted(domain:match("^[^.]*")),
    time = quoted(os.date("!%d/%b/%Y:%H:%M:%S +0000", seconds)),
    epoch = string.format("%d", handle:timestamp()),
    protocol = quoted(handle:streamInfo():protocol()),
    source = quoted(without_port(handle:streamInfo():downstreamRemoteAddress())),
    agent = quoted(first_header(request, "user-agent")),
  }
end

local function context_1(handle, context, request)
  local facts = context_members(handle, request)
  return object({
    '"accountId":"anonymous","apiId":"wicketgate","resourceId":' .. quoted(context:get("resource")),
    '"domainName":' .. facts.domain,
    '"domainPrefix":' .. facts.prefix,
    '"extendedRequestId":' .. facts.id,
    '"requestId":' .. facts.id,
    '"httpMethod":' .. quoted(request.method),
    '"identity":' .. object({
      '"accessKey":null,"accountId":null,"caller":null,"cognitoAuthenticationProvider":null',
      '"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null',
      '"principalOrgId":null,"user":null,"userArn":null',
      '"sourceIp":' .. facts.source,
      '"userAgent":' .. facts.agent,
    }),
    '"path":' .. quoted(request.path),
    '"protocol":' .. facts.protocol,
    '"requestTime":' .. facts.time,
    '"requestTimeEpoch":' .. facts.epoch,
    '"resourcePath":' .. quoted(context:get("resource")),
    '"stage":"$default"',
  })
end

local function event_1(handle, context, request)
  local body, encoded = body_members(handle, context, request)
  local query = query_pairs(request.query)
  local members = {
    '"version":"1.0"',
    '"resource":' .. quoted(context:get("resource")),
    '"path":' .. quoted(request.path),
    '"httpMethod":' .. quoted(request.method),
    '"headers":' .. mapped(request.headers, last),
    '"multiValueHeaders":' .. mapped(request.headers, array),
    '"queryStringParameters":' .. or_null(query, last),
    '"multiValueQueryStringParameters":' .. or_null(query, array),
    '"pathParameters":' .. or_null(path_pairs(context, request.path), last),
    '"stageVariables":null',
    '"body":' .. body,
    '"isBase64Encoded":' .. encoded,
  }
  if context:get("proxy") then members[#members + 1] = '"requestContext":' .. context_1(handle, context, request) end
  return object(members)
end

local function context_2(handle, request, route)
  local facts = context_members(handle, request)
  return object({
    '"accountId":"anonymous","apiId":"wicketgate"',
    '"domainName":' .. facts.domain,
    '"domainPrefix":' .. facts.prefix,
    '"http":' .. object({
      '"method":' .. quoted(request.method),
      '"path":' .. quoted(request.path),
      '"protocol":' .. facts.protocol,
      '"sourceIp":' .. facts.source,
      '"userAgent":' .. facts.agent,
    }),
    '"requestId":' .. facts.id,
    '"routeKey":' .. route,
    '"stage":"$default"',
    '"time":' .. facts.time,
    '"timeEpoch":' .. facts.epoch,
  })
end

-- In two steps: one pattern for both ends takes time by the square of what a caller sends.
local function trimmed(text)
  local first = text:find("%S")
  return first and text:match(".*%S", first) or ""
end

-- Cookies stand apart from the other headers.
local function parted(headers)
  local rest, cookies = {}, {}
  for _, pair in ipairs(headers) do
    if pair[1] == "cookie" then
      for cookie in pair[2]:gmatch("[^;]+") do cookies[#cookies + 1] = trimmed(cookie) end
    else
      rest[#rest + 1] = pair
    end
  end
  return rest, cookies
end

local function event_2(handle, context, request)
  local body, encoded = body_members(handle, context, request)
  local rest, cookies = parted(request.headers)
  local query, params = query_pairs(request.query), path_pairs(context, request.path)
  local route = quoted(request.method .. " " .. context:get("resource"))
  local members = {
    '"version":"2.0"',
    '"routeKey":' .. route,
    '"rawPath":' .. quoted(request.path),
    '"rawQueryString":' .. quoted(request.query),
    '"headers":' .. mapped(rest, joined),
    '"isBase64Encoded":' .. encoded,
  }
  if #cookies > 0 then members[#members + 1] = '"cookies":' .. array(cookies) end
  if #query > 0 then members[#members + 1] = '"queryStringParameters":' .. mapped(query, joined) end
  if #params > 0 then members[#members + 1] = '"pathParameters":' .. mapped(params, last) end
  if body ~= "null" then members[#members + 1] = '"body":' .. body end
  if context:get("proxy") then members[#members + 1] = '"requestContext":' .. context_2(handle, request, route) end
  return object(members)
end

local function asked(headers, body)
  local path, query = headers:get(":path"):match("^([^?]*)%??(.*)$")
  return { method = headers:get(":method"), path = path, query = query, headers = header_pairs(headers), body = body }
end

-- The caller's headers and path are in the event and nowhere else: Lambda would take some of them for its own.
local function readdress(headers, target)
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  for _, name in ipairs(names) do
    if name:sub(1, 1) ~= ":" and name ~= "x-request-id" then headers:remove(name) end
  end
  headers:replace(":method", "POST")
  headers:replace(":path", target)
  headers:replace("content-type", "application/json")
end

local function invoke(handle)
  -- First of all: what was asked of the stream before it waited does not outlive the wait.
  local buffer = handle:body(true)
  refuse_trailers(handle)
  local context, headers = handle:filterContext(), handle:headers()
  local request = asked(headers, buffer:length() > 0 and buffer:getBytes(0, buffer:length()) or "")
  local event = (context:get("format") == "2.0" and event_2 or event_1)(handle, context, request)
  fits(#event)
  local original, trace = headers:get("x-envoy-original-path") or headers:get(":path"), headers:get("x-amzn-trace-id")
  handle:streamInfo():dynamicMetadata():set("wicketgate", "lambda", {
    format = context:get("format"),
    proxy = context:get("proxy") or false,
    trace = context:get("trace") or false,
    method = request.method,
    -- Logs and error pages read it here.
    path = original:match("^[^?]*"),
    request_id = first_header(request, "x-request-id"),
  })
  readdress(headers, context:get("target"))
  if trace then headers:replace("x-amzn-trace-id", trace) end
  buffer:setBytes(event)
end

-- Envoy forwards the request as it is when a script fails; this one answers instead.
function envoy_on_request(handle)
  local ok, why = pcall(invoke, handle)
  if ok then return end
  local refused = type(why) == "table" and why.status
  if not refused then handle:logErr("lambda: the event's program failed: " .. tostring(why)) end
  handle:respond({ [":status"] = refused or "503" }, "")
end
