-- wrk: every request is $BENCH_BODY with another name at every @, and one of a hundred at every ~.
local f = io.open(os.getenv("BENCH_BODY")); local body = f:read("*a"); f:close()
local n, thread = 0, 0
function setup(t) thread = thread + 1; t:set("id", thread) end
function request()
	n = n + 1
	local name = id .. "x" .. n .. os.getenv("BENCH_RUN")
	return wrk.format("POST", "/fhir", { ["Content-Type"] = "application/fhir+json",
		["Authorization"] = "Bearer bench" }, (body:gsub("@", name):gsub("~", tostring(n % 100))))
end
function done(summary, latency)
	io.write(string.format("RESULT %d %d %f %f %f\n", summary.requests, summary.errors.status,
		summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
