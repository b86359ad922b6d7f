-- Decompresses what a function of Lambda has compressed: gzip (RFC 1952), zlib (RFC 1950), deflate (RFC 1951).
-- Envoy's own decompressor knows no deflate, is no filter of an origin, and answers 200 with what it has so far when
-- the data is damaged or too long (1.39). Follows `json_value.lua` in one program.

local band, bor, bxor, lshift, rshift = bit.band, bit.bor, bit.bxor, bit.lshift, bit.rshift

-- Envoy's bound for an answer (see lambda_program.py).
local LONGEST_TEXT = 10485760
-- A block costs time even if it holds nothing; compressors make them of kilobytes.
local MOST_BLOCKS = 65536
local SHORT_BITS, SHORT_CODES = 10, 1024
local LENGTHS_ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

local Input = ffi.typeof("struct { const uint8_t *bytes; int32_t size, at, held, bits; }")
local Code = ffi.typeof("struct { uint16_t counts[16], symbols[288], short_codes[$]; }", SHORT_CODES)

-- Base and extra bits of each length (symbols 257 and on) and of each distance: RFC 1951 section 3.2.5.
local function bases(first, extra_bits)
  local base, extra, value = ffi.new("uint16_t[32]"), ffi.new("uint8_t[32]"), first
  for index, bits in ipairs(extra_bits) do
    base[index - 1], extra[index - 1] = value, bits
    value = value + lshift(1, bits)
  end
  return base, extra
end

local LENGTHS, LENGTH_EXTRA =
  bases(3, { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5 })
LENGTHS[28] = 258
local DISTANCES, DISTANCE_EXTRA =
  bases(1, { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 })

-- Behind the end come zeros, as many as may be looked at and not used.
local function fill(input)
  while input.bits <= 24 do
    if input.at < input.size then
      input.held = bor(input.held, lshift(input.bytes[input.at], input.bits))
    elseif input.at > input.size + 4 then
      malformed("the compressed body is cut short")
    end
    input.at, input.bits = input.at + 1, input.bits + 8
  end
end

local function drop(input, count)
  input.held, input.bits = rshift(input.held, count), input.bits - count
end

local function take(input, count)
  fill(input)
  local value = band(input.held, lshift(1, count) - 1)
  drop(input, count)
  return value
end

-- Gives back the whole bytes that were looked at, and drops the rest of the one that was begun.
local function align(input)
  input.at = input.at - rshift(input.bits, 3)
  input.held, input.bits = 0, 0
  if input.at > input.size then malformed("the compressed body is cut short") end
end

local function reversed(value, count)
  local out = 0
  for _ = 1, count do
    out, value = bor(lshift(out, 1), band(value, 1)), rshift(value, 1)
  end
  return out
end

-- Makes a code of the lengths of its symbols' codes: those of up to ten bits are found at once, others by counting.
local function build(code, lengths, from, count)
  ffi.fill(code, ffi.sizeof(code))
  for symbol = 0, count - 1 do
    local length = lengths[from + symbol]
    code.counts[length] = code.counts[length] + 1
  end
  code.counts[0] = 0
  local offsets, next_code, left, value = {}, {}, 1, 0
  for length = 1, 15 do
    left = left * 2 - code.counts[length]
    if left < 0 then malformed("the compressed body is no deflate") end
    offsets[length] = (offsets[length - 1] or 0) + (length > 1 and code.counts[length - 1] or 0)
    value = (value + code.counts[length - 1]) * 2
    next_code[length] = value
  end
  for symbol = 0, count - 1 do
    local length = lengths[from + symbol]
    if length > 0 then
      code.symbols[offsets[length]] = symbol
      offsets[length] = offsets[length] + 1
      if length <= SHORT_BITS then
        for index = reversed(next_code[length], length), SHORT_CODES - 1, lshift(1, length) do
          code.short_codes[index] = symbol * 16 + length
        end
      end
      next_code[length] = next_code[length] + 1
    end
  end
end

local function long_symbol(input, code)
  local first, index, value = 0, 0, 0
  for length = 1, 15 do
    value = bor(value, band(rshift(input.held, length - 1), 1))
    local count = code.counts[length]
    if value - first < count then
      drop(input, length)
      return code.symbols[index + value - first]
    end
    index, first, value = index + count, (first + count) * 2, value * 2
  end
  malformed("the compressed body is no deflate")
end

local function symbol_of(input, code)
  fill(input)
  local entry = code.short_codes[band(input.held, SHORT_CODES - 1)]
  if entry == 0 then return long_symbol(input, code) end
  drop(input, band(entry, 15))
  return rshift(entry, 4)
end

local function room(output, more)
  local needed = output.size + more
  if needed > LONGEST_TEXT then malformed("the body is longer than 10 MiB when it is decompressed") end
  if needed <= output.capacity then return end
  output.capacity = math.min(math.max(needed, output.capacity * 2), LONGEST_TEXT)
  local bytes = ffi.new("uint8_t[?]", output.capacity)
  ffi.copy(bytes, output.bytes, output.size)
  output.bytes = bytes
end

local function stored(input, output)
  align(input)
  local bytes, at = input.bytes, input.at
  if at + 4 > input.size then malformed("the compressed body is cut short") end
  local size = bytes[at] + 256 * bytes[at + 1]
  if size + bytes[at + 2] + 256 * bytes[at + 3] ~= 65535 then malformed("the compressed body is no deflate") end
  if at + 4 + size > input.size then malformed("the compressed body is cut short") end
  room(output, size)
  ffi.copy(output.bytes + output.size, bytes + at + 4, size)
  input.at, output.size = at + 4 + size, output.size + size
end

local function repeated(input, output, length, distances)
  local symbol = symbol_of(input, distances)
  if symbol > 29 then malformed("the compressed body is no deflate") end
  local distance = DISTANCES[symbol] + take(input, DISTANCE_EXTRA[symbol])
  if distance > output.size then malformed("the compressed body is no deflate") end
  room(output, length)
  local bytes, at = output.bytes, output.size
  for index = at, at + length - 1 do bytes[index] = bytes[index - distance] end
  output.size = at + length
end

local function coded(input, output, literals, distances)
  while true do
    local symbol = symbol_of(input, literals)
    if symbol == 256 then return end
    if symbol < 256 then
      if output.size == output.capacity then room(output, 1) end
      output.bytes[output.size] = symbol
      output.size = output.size + 1
    elseif symbol > 285 then
      malformed("the compressed body is no deflate")
    else
      local index = symbol - 257
      repeated(input, output, LENGTHS[index] + take(input, LENGTH_EXTRA[index]), distances)
    end
  end
end

local literal_code, distance_code, length_code = Code(), Code(), Code()
local code_lengths = ffi.new("uint8_t[320]")

-- How often a length is repeated, and which: RFC 1951 section 3.2.7.
local function run(input, symbol, previous)
  if symbol < 16 then return 1, symbol end
  if symbol == 16 then return 3 + take(input, 2), previous end
  if symbol == 17 then return 3 + take(input, 3), 0 end
  return 11 + take(input, 7), 0
end

local function read_lengths(input, count)
  local at = 0
  while at < count do
    local symbol = symbol_of(input, length_code)
    if symbol == 16 and at == 0 then malformed("the compressed body is no deflate") end
    local times, length = run(input, symbol, at > 0 and code_lengths[at - 1] or 0)
    if at + times > count then malformed("the compressed body is no deflate") end
    for index = at, at + times - 1 do code_lengths[index] = length end
    at = at + times
  end
end

local function dynamic(input, output)
  local literals, distances, lengths = 257 + take(input, 5), 1 + take(input, 5), 4 + take(input, 4)
  ffi.fill(code_lengths, 320)
  for index = 1, lengths do code_lengths[LENGTHS_ORDER[index]] = take(input, 3) end
  build(length_code, code_lengths, 0, 19)
  if literals > 286 then malformed("the compressed body is no deflate") end
  read_lengths(input, literals + distances)
  build(literal_code, code_lengths, 0, literals)
  build(distance_code, code_lengths, literals, distances)
  coded(input, output, literal_code, distance_code)
end

local FIXED_LITERALS, FIXED_DISTANCES = Code(), Code()
for symbol = 0, 287 do
  code_lengths[symbol] = symbol < 144 and 8 or symbol < 256 and 9 or symbol < 280 and 7 or 8
end
build(FIXED_LITERALS, code_lengths, 0, 288)
ffi.fill(code_lengths, 32, 5)
build(FIXED_DISTANCES, code_lengths, 0, 32)

local function fixed(input, output)
  coded(input, output, FIXED_LITERALS, FIXED_DISTANCES)
end

local BLOCKS = { [0] = stored, fixed, dynamic }

local function inflate(input, output)
  for _ = 1, MOST_BLOCKS do
    local is_last, block = take(input, 1) == 1, BLOCKS[take(input, 2)]
    if not block then malformed("the compressed body is no deflate") end
    block(input, output)
    if is_last then return align(input) end
  end
  malformed("the compressed body has too many blocks")
end

local CRC = ffi.new("int32_t[256]")
for index = 0, 255 do
  local value = index
  for _ = 1, 8 do value = bxor(rshift(value, 1), band(value, 1) == 1 and 0xEDB88320 or 0) end
  CRC[index] = value
end

local function crc32(bytes, from, to)
  local value = -1
  for index = from, to - 1 do value = bxor(rshift(value, 8), CRC[band(bxor(value, bytes[index]), 255)]) end
  return bit.tobit(bxor(value, -1))
end

local function adler32(bytes, from, to)
  local low, high = 1, 0
  for index = from, to - 1 do
    low = (low + bytes[index]) % 65521
    high = (high + low) % 65521
  end
  return bor(lshift(high, 16), low)
end

local function word(input, first, second, third, fourth)
  local at, bytes = input.at, input.bytes
  if at + 4 > input.size then malformed("the compressed body is cut short") end
  input.at = at + 4
  return bor(
    bytes[at + first], lshift(bytes[at + second], 8), lshift(bytes[at + third], 16), lshift(bytes[at + fourth], 24)
  )
end

local function little_endian(input) return word(input, 0, 1, 2, 3) end
local function big_endian(input) return word(input, 3, 2, 1, 0) end

local function checked(ok)
  if not ok then malformed("the compressed body is damaged") end
end

-- Returns where the header of a gzip member ends: RFC 1952 section 2.3.
local function skip_gzip_header(packed, at)
  local flags = packed:match("^\31\139\8(.)........", at)
  flags, at = flags and flags:byte() or 255, at + 10
  if band(flags, 0xE0) ~= 0 then malformed("the body is no gzip") end
  if band(flags, 4) ~= 0 then
    local low, high = packed:byte(at, at + 1)
    if not high then malformed("the compressed body is cut short") end
    at = at + 2 + low + 256 * high
  end
  for _, flag in ipairs({ 8, 16 }) do
    if band(flags, flag) ~= 0 then at = (packed:find("\0", at, true) or #packed) + 1 end
  end
  return at + band(flags, 2)
end

local function gunzip(packed, input, output)
  repeat
    input.at = skip_gzip_header(packed, input.at + 1) - 1
    local from = output.size
    inflate(input, output)
    checked(little_endian(input) == crc32(output.bytes, from, output.size))
    checked(little_endian(input) == bit.tobit(output.size - from))
    -- What stands behind the last member is nothing (RFC 1952 section 2.2 has more than one).
  until packed:sub(input.at + 1, input.at + 2) ~= "\31\139"
end

-- Some who say deflate leave out the frame of zlib, as browsers know.
local function undeflate(packed, input, output)
  local first, second = packed:byte(1, 2)
  local framed = second and band(first, 15) == 8 and (first * 256 + second) % 31 == 0 and band(second, 32) == 0
  if not framed then return inflate(input, output) end
  input.at = 2
  inflate(input, output)
  checked(big_endian(input) == adler32(output.bytes, 0, output.size))
end

local DECODERS = { gzip = gunzip, deflate = undeflate }

local function decompress(packed, coding)
  if packed == "" then return "" end
  local input = Input(ffi.cast("const uint8_t*", packed), #packed)
  local capacity = math.min(math.max(4 * #packed, 4096), LONGEST_TEXT)
  local output = { bytes = ffi.new("uint8_t[?]", capacity), size = 0, capacity = capacity }
  DECODERS[coding](packed, input, output)
  return ffi.string(output.bytes, output.size)
end
