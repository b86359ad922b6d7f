-- Asks the paths of a file in turn, built once; reports as one line of JSON.
local built, at = {}, 0

function init(args)
  for path in io.lines(args[1]) do
    built[#built + 1] = wrk.format("GET", path)
  end
end

function request()
  at = at % #built + 1
  return built[at]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"p50":%.1f,"p99":%.1f,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
