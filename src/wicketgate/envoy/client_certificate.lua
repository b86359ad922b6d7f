-- Who the caller is by the certificate of its connection, and whether the route lets it in.
-- One constant program for all routes; what a route demands stands in its filter context (see client_certificate.py).

local SPACE = "wicketgate"

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- RFC 9440 section 2.1: the DER as a byte sequence (RFC 8941 section 3.3.5).
local function byte_sequence(ssl)
  local body = unescape(ssl:urlEncodedPemEncodedPeerCertificate()):gsub("%-%-%-%-%-[^-]*%-%-%-%-%-", "")
  return ":" .. body:gsub("%s", "") .. ":"
end

-- Envoy looks at a certificate when a connection begins; its dates count as long as the connection lasts.
local function problem(ssl, now)
  if not ssl then return "the connection has no TLS" end
  if not ssl:peerCertificatePresented() then return "no certificate was shown" end
  if ssl:expirationPeerCertificate() < now then return "the certificate has expired" end
  if ssl:validFromPeerCertificate() > now then return "the certificate is not valid yet" end
  if not ssl:peerCertificateValidated() then
    return "the certificate is not from a trusted authority, is revoked, or is not for clients"
  end
  return nil
end

local function verification(ssl, reason)
  local shown = ssl and ssl:peerCertificatePresented()
  local status = not reason and "SUCCESS" or shown and "FAILED" or "NONE"
  return { value = shown and byte_sequence(ssl) or nil, status = status, reason = reason }
end

local function comparable(name)
  return (name:gsub("%s", "")):lower()
end

local function iso(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

local function named(ssl, user)
  user.data = user.data or {}
  user.data.mtlsAuth = {
    subject = ssl:subjectPeerCertificate(),
    issuer = ssl:issuerPeerCertificate(),
    notBefore = iso(ssl:validFromPeerCertificate()),
    notAfter = iso(ssl:expirationPeerCertificate()),
    sha256Fingerprint = ssl:sha256PeerCertificateDigest(),
  }
  user.sub = user.sub or user.data.mtlsAuth.subject
  return user
end

-- Returns whether the caller may pass, and what is wrong with its certificate if anything is.
local function judged(ssl, demands, now)
  local reason = problem(ssl, now)
  local passes = true
  for _, demand in ipairs(demands) do
    if not reason and demand.issuer and comparable(ssl:issuerPeerCertificate()) ~= demand.issuer then
      reason = "the certificate is from another issuer than the route demands"
    end
    if reason and not demand.optional then passes = false end
  end
  return passes, reason
end

local function decide(handle)
  local info = handle:streamInfo()
  local ssl = info:downstreamSslConnection()
  local passes, reason = judged(ssl, handle:filterContext():get("demands"), handle:timestamp() / 1000)
  local metadata = info:dynamicMetadata()
  metadata:set(SPACE, "clientCert", verification(ssl, reason))
  if not reason then metadata:set(SPACE, "user", named(ssl, (metadata:get(SPACE) or {}).user or {})) end
  return passes
end

-- Envoy forwards the request as it is when a script fails; this one answers instead.
function envoy_on_request(handle)
  local ok, passes = pcall(decide, handle)
  if ok and passes == true then return end
  handle:respond({ [":status"] = ok and "401" or "503" }, "")
end
