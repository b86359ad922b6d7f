-- Stands behind the signer, for what it left unsigned. It signs no request that ends with trailers: that is the caller's
-- doing, and told so. What passes here unsigned is stopped by the demand that follows.
function envoy_on_request(handle)
  handle:body(true)
  if not handle:trailers() then return end
  handle:streamInfo():dynamicMetadata():set("wicketgate", "refused", "trailers")
  handle:respond({ [":status"] = "400" }, "")
end
