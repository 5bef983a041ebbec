-- wrk: every request with a token of its own.  The tokens and the body are files; SALVOR_PAUSE_MS spaces requests.
local threads = 0

function setup(thread)
	threads = threads + 1
	thread:set('id', threads)
end

function init(args)
	local f = assert(io.open(os.getenv('SALVOR_TOKENS')))
	tokens, next_token = {}, 0
	local n = 0
	for line in f:lines() do
		n = n + 1
		if n % tonumber(os.getenv('SALVOR_THREADS')) == id - 1 then
			tokens[#tokens + 1] = line
		end
	end
	f:close()
	f = assert(io.open(os.getenv('SALVOR_BODY')))
	body = f:read('*a')
	f:close()
	pause = tonumber(os.getenv('SALVOR_PAUSE_MS') or '0')
	headers = { ['Content-Type'] = 'application/json' }
end

if tonumber(os.getenv('SALVOR_PAUSE_MS') or '0') > 0 then
	function delay()
		return pause
	end
end

function request()
	next_token = next_token % #tokens + 1
	headers['Authorization'] = 'Bearer ' .. tokens[next_token]
	return wrk.format('POST', '/cds-services/salvor-patient-view', headers, body)
end

local bad = 0
function response(status)
	if status ~= 200 then
		bad = bad + 1
	end
end

function done(summary, latency)
	io.write(string.format('RESULT %d %d %d %.0f %.0f %.0f\n', summary.requests, summary.errors.status,
		summary.duration, latency:percentile(50), latency:percentile(99), latency.max))
end
