-- The HTTP side of the bench, for wrk:
--   wrk … -s load.lua URL -- SCENARIO [name=value …]
-- Prints one line of JSON at the end.
--
-- pages   availability of 40 venues in turn; signed=1 sends an Authorization
--         header, so that nginx's cache for guests stays out of it
-- order   each request orders a free period of two hours: a walk without repeats
--         through venues × courts × days × hours (see batches.py), from `base` on
-- rush    everybody wants two hours between 18 and 22 in the same venue on the
--         same day; after `tries` requests all go on to the next such evening
-- notify  each request delivers a letter of WeChat Pay, none twice: a line of the
--         file `letters`.<thread>
-- Without a scenario: the URL as it is.

local arg, tokens, scenario = {}, {}, {}

local threads = {}
function setup(thread)
	thread:set("thread_index", #threads)
	table.insert(threads, thread)
end

local function read_tokens(path)
	for line in io.lines(path) do
		table.insert(tokens, "Bearer " .. line)
	end
end

local function local_time(day, hour)
	return os.date("!%Y-%m-%dT", arg.today + day * 86400) .. string.format("%02d:00:00+08:00", hour)
end

-- arg.today is midnight UTC of the date that it is in China.
local function order(i, venue, court, day, hour)
	local body = string.format(
		'{"venue_id":%d,"date":"%s","periods":[{"court_id":%d,"start":"%s","end":"%s"}]}',
		venue, os.date("!%Y-%m-%d", arg.today + day * 86400), court,
		local_time(day, hour), local_time(day, hour + 2))
	return wrk.format("POST", "/api/v1/orders", {
		["Content-Type"] = "application/json",
		["Authorization"] = tokens[i % #tokens + 1],
		["Idempotency-Key"] = string.format("%s-%d", arg.scenario, i),
	}, body)
end

function scenario.pages(i)
	return wrk.format("GET", string.format(
		"/api/v1/venues/%d/availability?sport=badminton&date=%s", 101 + i % 40, arg.date))
end

function scenario.order(i)
	local s = (i * arg.stride) % arg.slots
	local hour = 6 + s % 6 * 2
	s = math.floor(s / 6)
	local court = s % 640
	return order(i, 101 + math.floor(court / 16), 301 + court, 10 + math.floor(s / 640), hour)
end

function scenario.rush(i)
	local evening = math.floor(i / arg.tries)
	local venue = evening % 40
	return order(i, 101 + venue, 301 + venue * 16 + math.random(0, 15),
		10 + math.floor(evening / 40) % 390, math.random(18, 20))
end

function scenario.notify()
	local stamp, nonce, signature, serial, body = (letters() or error("no letters left"))
		:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t(.+)$")
	sent = sent + 1
	return wrk.format("POST", nil, {
		["Content-Type"] = "application/json",
		["Wechatpay-Timestamp"] = stamp,
		["Wechatpay-Nonce"] = nonce,
		["Wechatpay-Signature"] = signature,
		["Wechatpay-Serial"] = serial,
	}, body)
end

function init(given)
	for k, word in ipairs(given) do
		local name, value = word:match("^(%w+)=(.*)$")
		arg[name or "scenario"] = tonumber(value) or value or word
	end
	if arg.tokens then
		read_tokens(arg.tokens)
	end
	sent = thread_index == 0 and -1 or 0 -- wrk asks the first thread once only to look
	if arg.letters then
		letters = io.lines(arg.letters .. "." .. thread_index)
	end
	if arg.signed then
		wrk.headers["Authorization"] = "Bearer none"
	end
	math.randomseed((arg.base or 0) + thread_index)
	if arg.scenario then -- else wrk sends the same bytes again and again
		local at = (arg.base or 0) + thread_index
		request = function()
			at = at + arg.threads
			return scenario[arg.scenario](at)
		end
	end
	if arg.pause then -- about a Poisson stream: exponential pauses, mean in ms
		delay = function() return math.floor(-math.log(1 - math.random()) * arg.pause) end
	end
end

function done(summary, latency)
	local e, all_sent = summary.errors, 0
	for _, thread in ipairs(threads) do
		all_sent = all_sent + thread:get("sent")
	end
	print(string.format(
		'{"requests":%d,"seconds":%.6f,"sent":%d,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f}',
		summary.requests, summary.duration / 1e6, all_sent, e.status,
		e.connect + e.read + e.write + e.timeout,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
