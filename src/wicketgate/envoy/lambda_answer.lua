-- Makes the result of a Lambda function the answer to the caller, on each try (see lambda_program.py).

local ffi = require("ffi")
local bit = require("bit")

local DEEPEST = 64
local NULL, ARRAY = {}, {}
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local SIXES = ffi.new("uint8_t[256]")
ffi.fill(SIXES, 256, 255)
for index = 1, 64 do SIXES[ALPHABET:byte(index)] = index - 1 end
local UNESCAPED = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }
local TITLES = { [406] = "Not Acceptable", [413] = "Content Too Large", [502] = "Bad Gateway", [503] = "Service Unavailable" }
-- Of one connection only (RFC 9110 section 7.6.1), or made anew from the body.
local NOT_OURS = {}
for name in ("connection keep-alive proxy-connection te trailer transfer-encoding upgrade content-length"):gmatch("%S+") do
  NOT_OURS[name] = true
end

local function malformed(why) error({ malformed = why }, 0) end

-- RFC 4648 section 4, padding optional.
local function decode_base64(text)
  local clean = text:gsub("=+$", "")
  if #clean % 4 == 1 then malformed("the body is no base64") end
  local source, size = ffi.cast("const uint8_t*", clean), #clean
  local out, written, held, bits = ffi.new("uint8_t[?]", math.floor(size * 3 / 4) + 1), 0, 0, 0
  for index = 0, size - 1 do
    local six = SIXES[source[index]]
    if six == 255 then malformed("the body is no base64") end
    held, bits = bit.bor(bit.lshift(bit.band(held, 0xFFFF), 6), six), bits + 6
    if bits >= 8 then
      bits = bits - 8
      out[written] = bit.band(bit.rshift(held, bits), 0xFF)
      written = written + 1
    end
  end
  return ffi.string(out, written)
end

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + bit.rshift(code, 6), 0x80 + code % 64) end
  if code < 0x10000 then
    return string.char(0xE0 + bit.rshift(code, 12), 0x80 + bit.rshift(code, 6) % 64, 0x80 + code % 64)
  end
  return string.char(
    0xF0 + bit.rshift(code, 18), 0x80 + bit.rshift(code, 12) % 64, 0x80 + bit.rshift(code, 6) % 64, 0x80 + code % 64
  )
end

-- Returns the text of the escape that begins at `at`, and where it ends.
local function unescape(json, at)
  local kind = json:sub(at + 1, at + 1)
  if UNESCAPED[kind] then return UNESCAPED[kind], at + 2 end
  local hex = json:match("^\\u(%x%x%x%x)", at)
  if not hex then malformed("no JSON") end
  local code = tonumber(hex, 16)
  if code >= 0xD800 and code <= 0xDBFF then
    local low = json:match("^\\u([dD][c-fC-F]%x%x)", at + 6)
    if low then return utf8(0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00), at + 12 end
  end
  if code >= 0xD800 and code <= 0xDFFF then return utf8(0xFFFD), at + 6 end
  return utf8(code), at + 6
end

local function string_at(json, at)
  local pieces, from = {}, at + 1
  while true do
    local stop = json:find('["\\%c]', from)
    if not stop then malformed("no JSON") end
    pieces[#pieces + 1] = json:sub(from, stop - 1)
    local char = json:sub(stop, stop)
    if char == '"' then return table.concat(pieces), stop + 1 end
    if char == "\127" then
      pieces[#pieces + 1], from = char, stop + 1
    elseif char == "\\" then
      pieces[#pieces + 1], from = unescape(json, stop)
    else
      malformed("no JSON")
    end
  end
end

-- The text of a number: nothing here reckons with it.
local function number_at(json, at)
  local whole = json:match("^%-?0", at) or json:match("^%-?[1-9]%d*", at)
  if not whole then malformed("no JSON") end
  local stop = at + #whole
  stop = stop + #(json:match("^%.%d+", stop) or "")
  stop = stop + #(json:match("^[eE][+-]?%d+", stop) or "")
  return json:sub(at, stop - 1), stop
end

local function skip(json, at)
  return json:find("[^ \t\r\n]", at) or #json + 1
end

local value_at

local function array_at(json, at, depth)
  local items = setmetatable({}, ARRAY)
  at = skip(json, at + 1)
  if json:sub(at, at) == "]" then return items, at + 1 end
  while true do
    items[#items + 1], at = value_at(json, at, depth + 1)
    at = skip(json, at)
    local char = json:sub(at, at)
    if char == "]" then return items, at + 1 end
    if char ~= "," then malformed("no JSON") end
    at = skip(json, at + 1)
  end
end

local function object_at(json, at, depth)
  local members = {}
  at = skip(json, at + 1)
  if json:sub(at, at) == "}" then return members, at + 1 end
  while true do
    if json:sub(at, at) ~= '"' then malformed("no JSON") end
    local name
    name, at = string_at(json, at)
    at = skip(json, at)
    if json:sub(at, at) ~= ":" then malformed("no JSON") end
    members[name], at = value_at(json, skip(json, at + 1), depth + 1)
    at = skip(json, at)
    local char = json:sub(at, at)
    if char == "}" then return members, at + 1 end
    if char ~= "," then malformed("no JSON") end
    at = skip(json, at + 1)
  end
end

-- Objects and arrays are tables, strings and numbers strings (RFC 8259).
value_at = function(json, at, depth)
  if depth > DEEPEST then malformed("the JSON is too deep") end
  local char = json:sub(at, at)
  if char == "{" then return object_at(json, at, depth) end
  if char == "[" then return array_at(json, at, depth) end
  if char == '"' then return string_at(json, at) end
  if json:sub(at, at + 3) == "true" then return true, at + 4 end
  if json:sub(at, at + 4) == "false" then return false, at + 5 end
  if json:sub(at, at + 3) == "null" then return NULL, at + 4 end
  return number_at(json, at)
end

local function parse(json)
  local value, at = value_at(json, skip(json, 1), 1)
  if skip(json, at) <= #json then malformed("no JSON") end
  return value
end

local function is_object(value)
  return type(value) == "table" and value ~= NULL and getmetatable(value) ~= ARRAY
end

local function given(value)
  if value == NULL then return nil end
  return value
end

local function text_of(value)
  if type(value) == "string" then return value end
  if type(value) == "boolean" then return tostring(value) end
  return nil
end

-- A name or a value that could end its line would write headers of its own.
local function add(list, name, value)
  local text = text_of(value)
  if not text or text:find("[%z\1-\8\10-\31\127]") then malformed("the value of a header") end
  if not name:match("^[%w!#$%%&'*+%-.^_`|~]+$") then malformed("the name of a header") end
  if not NOT_OURS[name:lower()] then list[#list + 1] = { name:lower(), text } end
end

local function add_single(list, headers)
  if given(headers) == nil then return end
  if not is_object(headers) then malformed("headers") end
  for name, value in pairs(headers) do
    if given(value) ~= nil then add(list, name, value) end
  end
end

local function has(list, name, value)
  for _, pair in ipairs(list) do
    if pair[1] == name and pair[2] == value then return true end
  end
  return false
end

local function headers_1(result)
  local list = {}
  if given(result.multiValueHeaders) ~= nil then
    if not is_object(result.multiValueHeaders) then malformed("multiValueHeaders") end
    for name, values in pairs(result.multiValueHeaders) do
      if getmetatable(values) ~= ARRAY then malformed("multiValueHeaders") end
      for _, value in ipairs(values) do add(list, name, value) end
    end
  end
  local single, merged = {}, list
  add_single(single, result.headers)
  for _, pair in ipairs(single) do
    if not has(list, pair[1], pair[2]) then merged[#merged + 1] = pair end
  end
  return merged
end

local function headers_2(result)
  local list = {}
  add_single(list, result.headers)
  if given(result.cookies) ~= nil then
    if getmetatable(result.cookies) ~= ARRAY then malformed("cookies") end
    for _, cookie in ipairs(result.cookies) do add(list, "set-cookie", cookie) end
  end
  return list
end

-- RFC 9110 section 12.5.3, as far as it takes to know that a coding is refused.
local function accepts(codings, coding)
  if codings == "" then return true end
  local any
  for item in codings:lower():gmatch("[^,]+") do
    local name, quality = item:match("^%s*([^;%s]+)"), tonumber(item:match(";%s*q=([%d.]+)") or 1)
    if name == coding then return quality > 0 end
    if name == "*" then any = quality > 0 end
  end
  return any or false
end

local function body_of(result, list, asked)
  local body, coding = given(result.body), given(result.bodyEncoding)
  if body ~= nil and type(body) ~= "string" then malformed("body") end
  body = body or ""
  if coding ~= nil and coding ~= "gzip" and coding ~= "deflate" then malformed("bodyEncoding") end
  if coding == nil then return result.isBase64Encoded == true and decode_base64(body) or body end
  if not accepts(asked.codings, coding) then error({ status = 406, code = "lambda-coding" }, 0) end
  list[#list + 1] = { "content-encoding", coding }
  list[#list + 1] = { "vary", "Accept-Encoding" }
  return decode_base64(body)
end

local function status_of(result)
  local status = text_of(result.statusCode)
  if not status or not status:match("^[2-5]%d%d$") then malformed("statusCode") end
  return status
end

-- Without a status the result itself is the body.
local function inferred(result, json)
  local body = type(result) == "string" and json:match('^%s*"') and result or json
  return { status = "200", headers = { { "content-type", "application/json" } }, body = body }
end

local function answer(json, asked)
  local result = parse(json)
  if not is_object(result) or result.statusCode == nil then
    if asked.format == "1.0" and asked.proxy then malformed("statusCode") end
    return inferred(result, json)
  end
  local status = status_of(result)
  local list = (asked.format == "2.0" and headers_2 or headers_1)(result)
  local body = body_of(result, list, asked)
  if status == "204" or status == "304" then body = "" end
  local typed = false
  for _, pair in ipairs(list) do typed = typed or pair[1] == "content-type" end
  if not typed and body ~= "" then list[#list + 1] = { "content-type", "application/json" } end
  return { status = status, headers = list, body = body }
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\\128-\255]', function(char) return string.format("\\u%04x", char:byte()) end) .. '"'
end

local function problem(handle, asked, status, code)
  local now = os.date("!%Y-%m-%dT%H:%M:%S", math.floor(handle:timestamp() / 1000))
  local body = string.format(
    '{"type":"https://httpproblems.com/http-status/%d","title":%s,"status":%d,"instance":%s,"code":%s,'
      .. '"trace":{"timestamp":"%s.%03dZ","requestId":%s}}',
    status, quoted(TITLES[status]), status, quoted(asked.path), quoted(code), now, handle:timestamp() % 1000,
    quoted(asked.request_id)
  )
  return { status = tostring(status), headers = { { "content-type", "application/problem+json" } }, body = body }
end

-- Errors of Lambda and of the function in the words of this gateway: theirs may hold what is no caller's business.
-- https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
local function failure(headers)
  local status = tonumber(headers:get(":status"))
  if status == 429 then return 503, "lambda-throttled" end
  if status == 413 then return 413, "lambda-too-large" end
  if status ~= 200 then return 502, status < 500 and "lambda-refused" or "lambda-failed" end
  if headers:get("x-amz-function-error") then return 502, "lambda-function-error" end
  return nil
end

local function judged(handle, asked, json)
  local headers = handle:headers()
  local status, code = failure(headers)
  if status then
    handle:logWarn("lambda: " .. code .. ": " .. (headers:get("x-amzn-errortype") or headers:get(":status")))
    local found = problem(handle, asked, status, code)
    local pause = headers:get("retry-after")
    if status == 503 and pause then table.insert(found.headers, { "retry-after", pause }) end
    return found
  end
  local ok, found = pcall(answer, json, asked)
  if ok then return found end
  if type(found) == "table" and found.status then return problem(handle, asked, found.status, found.code) end
  handle:logWarn("lambda: lambda-malformed: " .. (type(found) == "table" and found.malformed or "the program failed"))
  return problem(handle, asked, 502, "lambda-malformed")
end

local function replace(headers, found, trace)
  local names = {}
  for name in pairs(headers) do names[#names + 1] = name end
  for _, name in ipairs(names) do
    if name:sub(1, 1) ~= ":" then headers:remove(name) end
  end
  headers:replace(":status", found.status)
  for _, pair in ipairs(found.headers) do headers:add(pair[1], pair[2]) end
  if trace then headers:replace("x-amzn-trace-id", trace) end
end

-- The invocation is a POST, so Envoy would send what a HEAD has no place for.
local function end_with(headers, buffer, length)
  buffer:setBytes("")
  headers:replace("content-length", tostring(length))
end

local function turn(handle)
  -- First of all: what was asked of the stream before it waited does not outlive the wait.
  local buffer = handle:body(true)
  local asked = (handle:streamInfo():dynamicMetadata():get("wicketgate") or {}).lambda
  if not asked then error("no invocation", 0) end
  local headers = handle:headers()
  local trace = asked.trace and headers:get("x-amzn-trace-id") or nil
  local found = judged(handle, asked, buffer:length() > 0 and buffer:getBytes(0, buffer:length()) or "")
  replace(headers, found, trace)
  if asked.method == "HEAD" then return end_with(headers, buffer, #found.body) end
  buffer:setBytes(found.body)
end

-- Envoy sends the answer as it is when a script fails: what Lambda said is not for callers.
function envoy_on_response(handle)
  local ok, why = pcall(turn, handle)
  if ok then return end
  handle:logErr("lambda: the answer's program failed: " .. tostring(why))
  replace(handle:headers(), { status = "502", headers = {} }, nil)
  handle:body(true):setBytes("")
end
