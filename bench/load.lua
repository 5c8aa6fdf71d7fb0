-- The load of wrk: arguments are the file of bodies and the first serial number. See traffic.py for the form of a body.
local before, after, serial, at = {}, {}, 0, 0

function init(args)
  serial = tonumber(args[2])
  local head = " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\nAuthorization: Bearer sk-benchmark\r\nAccept: application/json\r\nContent-Type: application/json" ..
    "\r\nUser-Agent: bench\r\nContent-Length: "
  for line in io.lines(args[1]) do
    local path, body = line:match("^(/%S+) (.*)$")
    path, line = path or "/v1/chat/completions", body or line
    local first, last = line:find(("#"):rep(12), 1, true)
    before[#before + 1] = "POST " .. path .. head .. #line .. "\r\n\r\n" .. line:sub(1, first - 1)
    after[#after + 1] = line:sub(last + 1)
  end
end

function request()
  serial = serial + 1
  at = at % #before + 1
  return before[at] .. ("%012d"):format(serial) .. after[at]
end

function done(summary)
  local errors = summary.errors
  io.write(('{"requests": %d, "seconds": %f, "failures": %d}\n'):format(
    summary.requests, summary.duration / 1e6,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
