-- Envoy sends a request as it is when it has no keys to sign with: without a signature it must not go.
function envoy_on_request(handle)
  local signature = handle:headers():get("authorization")
  if signature == nil or signature:sub(1, 5) ~= "AWS4-" then handle:respond({ [":status"] = "503" }, "") end
end
