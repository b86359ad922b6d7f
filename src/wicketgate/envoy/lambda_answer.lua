-- Makes the result of a Lambda function the answer to the caller, on each try (see lambda_program.py). Follows
-- `json_value.lua` and `inflate.lua` in one program.

local MOST_HEADERS = 500
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local SIXES = ffi.new("uint8_t[256]")
ffi.fill(SIXES, 256, 255)
for index = 1, 64 do SIXES[ALPHABET:byte(index)] = index - 1 end
local TITLES = { [413] = "Content Too Large", [502] = "Bad Gateway", [503] = "Service Unavailable" }
local READ = {}
for name in ("statusCode headers multiValueHeaders cookies body isBase64Encoded bodyEncoding"):gmatch("%S+") do
  READ[name] = true
end
-- Of one connection only (RFC 9110 section 7.6.1), or made anew from the body.
local NOT_OURS = {}
for name in ("connection keep-alive proxy-connection te trailer transfer-encoding upgrade content-length"):gmatch("%S+") do
  NOT_OURS[name] = true
end

local function decode_four(source, from, out, to)
  local first, second = SIXES[source[from]], SIXES[source[from + 1]]
  local third, fourth = SIXES[source[from + 2]], SIXES[source[from + 3]]
  if bit.bor(first, second, third, fourth) == 255 then malformed("the body is no base64") end
  out[to] = bit.bor(bit.lshift(first, 2), bit.rshift(second, 4))
  out[to + 1] = bit.band(bit.bor(bit.lshift(second, 4), bit.rshift(third, 2)), 255)
  out[to + 2] = bit.band(bit.bor(bit.lshift(third, 6), fourth), 255)
end

-- RFC 4648 section 4, padding optional: four characters are three bytes.
local function decode_base64(text)
  local size = #text - #text:sub(-2):match("=*$")
  local rest = size % 4
  if rest == 1 then malformed("the body is no base64") end
  local source, out, written = bytes_of(text), ffi.new("uint8_t[?]", math.floor(size / 4) * 3 + 3), 0
  for index = 0, size - rest - 1, 4 do
    decode_four(source, index, out, written)
    written = written + 3
  end
  if rest == 0 then return ffi.string(out, written) end
  local tail = text:sub(size - rest + 1, size) .. "AA"
  decode_four(bytes_of(tail), 0, out, written)
  return ffi.string(out, written + rest - 1)
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
  if #list == MOST_HEADERS then malformed("too many headers") end
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

-- `bodyEncoding` is how the body came here, and not how it goes on: https://zuplo.com/docs/handlers/aws-lambda
local function decoded(body, coding)
  if coding ~= "gzip" and coding ~= "deflate" then malformed("bodyEncoding") end
  return decompress(decode_base64(body), coding)
end

-- A function that says the same in Content-Encoding speaks of what has been undone.
local function without_coding(list, coding)
  local kept = {}
  for _, pair in ipairs(list) do
    if pair[1] ~= "content-encoding" or pair[2]:lower() ~= coding then kept[#kept + 1] = pair end
  end
  return kept
end

-- Returns the body, and the headers that are true of it.
local function body_of(result, list)
  local body, coding = given(result.body) or "", given(result.bodyEncoding)
  if type(body) ~= "string" then malformed("body") end
  if coding ~= nil then return decoded(body, coding), without_coding(list, coding) end
  return result.isBase64Encoded == true and decode_base64(body) or body, list
end

local function status_of(result)
  local status = text_of(result.statusCode)
  if not status or not status:match("^[2-5]%d%d$") then malformed("statusCode") end
  return status
end

-- Without a status the result itself is the body.
local function inferred(json)
  local at = skip(json, 1)
  local body = json:sub(at, at) == '"' and string_at(json, at) or json
  return { status = "200", headers = { { "content-type", "application/json" } }, body = body }
end

local function has_header(list, name)
  for _, pair in ipairs(list) do
    if pair[1] == name then return true end
  end
  return false
end

local function answer(json, asked)
  local places = member_places(json, READ)
  if not places or not places.statusCode then
    if asked.format == "1.0" and asked.proxy then malformed("statusCode") end
    return inferred(json)
  end
  local result = members_at(json, places)
  local status = status_of(result)
  local body, list = body_of(result, (asked.format == "2.0" and headers_2 or headers_1)(result))
  if status == "204" or status == "304" then body = "" end
  -- As AWS's own SAM CLI does, and API Gateway where it infers the status: its pages say nothing of other results.
  if body ~= "" and not has_header(list, "content-type") then
    list[#list + 1] = { "content-type", "application/json" }
  end
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
