-- Reads JSON (RFC 8259): objects and arrays become tables, strings and numbers strings. What nobody asks for is passed
-- over, whatever its depth. Errors are what `malformed` raises. Positions count from 1, as in Lua's own strings.

local ffi = require("ffi")
local bit = require("bit")

local DEEPEST, MOST_MEMBERS = 64, 1000
local NULL, ARRAY = {}, {}
local QUOTE, BACKSLASH, LEFT_BRACKET, RIGHT_BRACKET, LEFT_BRACE, RIGHT_BRACE = 34, 92, 91, 93, 123, 125
local UNESCAPED, HEX = ffi.new("uint8_t[256]"), ffi.new("uint8_t[256]")
for name, char in pairs({ b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }) do
  UNESCAPED[name:byte()] = char:byte()
end
ffi.fill(HEX, 256, 255)
for value = 0, 15 do
  local digit = string.format("%x", value)
  HEX[digit:byte()], HEX[digit:upper():byte()] = value, value
end

local function malformed(why) error({ malformed = why }, 0) end

local function bytes_of(json) return ffi.cast("const uint8_t*", json) end

local function put_utf8(out, size, code)
  if code < 0x80 then
    out[size] = code
    return size + 1
  end
  if code < 0x800 then
    out[size], out[size + 1] = 0xC0 + bit.rshift(code, 6), 0x80 + code % 64
    return size + 2
  end
  if code < 0x10000 then
    out[size], out[size + 1], out[size + 2] =
      0xE0 + bit.rshift(code, 12), 0x80 + bit.rshift(code, 6) % 64, 0x80 + code % 64
    return size + 3
  end
  out[size], out[size + 1], out[size + 2], out[size + 3] =
    0xF0 + bit.rshift(code, 18), 0x80 + bit.rshift(code, 12) % 64, 0x80 + bit.rshift(code, 6) % 64, 0x80 + code % 64
  return size + 4
end

-- Returns the number that four digits make, or -1.
local function hex4(bytes, at, stop)
  if at + 4 > stop then return -1 end
  local code = 0
  for index = at, at + 3 do
    local digit = HEX[bytes[index]]
    if digit == 255 then return -1 end
    code = code * 16 + digit
  end
  return code
end

-- Returns the code point of the `\u` at `at`, and where it ends. Half a pair is U+FFFD.
local function code_point(bytes, at, stop)
  local code = hex4(bytes, at + 2, stop)
  if code < 0 then malformed("no JSON") end
  if code < 0xD800 or code > 0xDFFF then return code, at + 6 end
  local follows = at + 8 <= stop and bytes[at + 6] == BACKSLASH and bytes[at + 7] == 117
  local low = code < 0xDC00 and follows and hex4(bytes, at + 8, stop) or -1
  if low < 0xDC00 or low > 0xDFFF then return 0xFFFD, at + 6 end
  return 0x10000 + (code - 0xD800) * 1024 + low - 0xDC00, at + 12
end

local function unescape(bytes, from, stop)
  local out, size, at = ffi.new("uint8_t[?]", stop - from), 0, from
  while at < stop do
    local byte = bytes[at]
    if byte ~= BACKSLASH then
      out[size], size, at = byte, size + 1, at + 1
    elseif bytes[at + 1] == 117 then
      local code
      code, at = code_point(bytes, at, stop)
      size = put_utf8(out, size, code)
    else
      local char = UNESCAPED[bytes[at + 1]]
      if char == 0 then malformed("no JSON") end
      out[size], size, at = char, size + 1, at + 2
    end
  end
  return ffi.string(out, size)
end

-- Returns where the closing quote of the string at `at` stands, and whether there are escapes before it.
local function string_end(json, at)
  local bytes, size, index, is_escaped = bytes_of(json), #json, at, false
  while index < size do
    local byte = bytes[index]
    if byte == QUOTE then return index + 1, is_escaped end
    if byte < 32 then malformed("no JSON") end
    if byte == BACKSLASH then
      is_escaped, index = true, index + 2
    else
      index = index + 1
    end
  end
  malformed("no JSON")
end

local function string_at(json, at)
  local stop, is_escaped = string_end(json, at)
  if not is_escaped then return json:sub(at + 1, stop - 1), stop + 1 end
  return unescape(bytes_of(json), at, stop - 1), stop + 1
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

local function scalar_at(json, at)
  if json:sub(at, at) == '"' then return string_at(json, at) end
  if json:sub(at, at + 3) == "true" then return true, at + 4 end
  if json:sub(at, at + 4) == "false" then return false, at + 5 end
  if json:sub(at, at + 3) == "null" then return NULL, at + 4 end
  return number_at(json, at)
end

local function skip(json, at)
  return json:find("[^ \t\r\n]", at) or #json + 1
end

local value_at

-- Calls `read` at each member, which returns where it ends; returns where the object or array at `at` ends.
local function each_member(json, at, closing, read)
  at = skip(json, at + 1)
  if json:sub(at, at) == closing then return at + 1 end
  while true do
    at = skip(json, read(at))
    local char = json:sub(at, at)
    if char == closing then return at + 1 end
    if char ~= "," then malformed("no JSON") end
    at = skip(json, at + 1)
  end
end

-- Returns the name of the member at `at`, and where its value begins.
local function name_at(json, at)
  if json:sub(at, at) ~= '"' then malformed("no JSON") end
  local name
  name, at = string_at(json, at)
  at = skip(json, at)
  if json:sub(at, at) ~= ":" then malformed("no JSON") end
  return name, skip(json, at + 1)
end

local function counted(count)
  if count == MOST_MEMBERS then malformed("the JSON has too many members") end
  return count + 1
end

local function array_at(json, at, depth)
  local items, count = setmetatable({}, ARRAY), 0
  return items, each_member(json, at, "]", function(from)
    count = counted(count)
    items[count], from = value_at(json, from, depth + 1)
    return from
  end)
end

local function object_at(json, at, depth)
  local members, count = {}, 0
  return members, each_member(json, at, "}", function(from)
    count = counted(count)
    local name
    name, from = name_at(json, from)
    members[name], from = value_at(json, from, depth + 1)
    return from
  end)
end

value_at = function(json, at, depth)
  if depth > DEEPEST then malformed("the JSON is too deep") end
  local char = json:sub(at, at)
  if char == "{" then return object_at(json, at, depth) end
  if char == "[" then return array_at(json, at, depth) end
  return scalar_at(json, at)
end

-- Returns where the value at `at` ends: of what is inside, only strings and brackets are looked at.
local function value_end(json, at)
  local bytes, size, index = bytes_of(json), #json, at - 1
  local first = index < size and bytes[index] or 0
  if first == QUOTE then return string_end(json, at) + 1 end
  if first ~= LEFT_BRACE and first ~= LEFT_BRACKET then
    local _, stop = scalar_at(json, at)
    return stop
  end
  local closing, depth = {}, 0
  repeat
    if index >= size then malformed("no JSON") end
    local byte = bytes[index]
    if byte == QUOTE then
      index = string_end(json, index + 1)
    else
      index = index + 1
      if byte == LEFT_BRACE or byte == LEFT_BRACKET then
        depth = depth + 1
        closing[depth] = byte + 2
      elseif byte == RIGHT_BRACE or byte == RIGHT_BRACKET then
        if closing[depth] ~= byte then malformed("no JSON") end
        depth = depth - 1
      end
    end
  until depth == 0
  return index + 1
end

-- Returns where the values of those members begin that `wanted` has; nil where the JSON is no object.
local function member_places(json, wanted)
  local at, places = skip(json, 1), nil
  if json:sub(at, at) == "{" then
    places = {}
    at = each_member(json, at, "}", function(from)
      local name
      name, from = name_at(json, from)
      if wanted[name] then places[name] = from end
      return value_end(json, from)
    end)
  else
    at = value_end(json, at)
  end
  if skip(json, at) <= #json then malformed("no JSON") end
  return places
end

local function members_at(json, places)
  local members = {}
  for name, at in pairs(places) do members[name] = value_at(json, at, 1) end
  return members
end

local function is_object(value)
  return type(value) == "table" and value ~= NULL and getmetatable(value) ~= ARRAY
end

local function given(value)
  if value == NULL then return nil end
  return value
end
