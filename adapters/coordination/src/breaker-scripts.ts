/**
 * The rules of `shared-record.ts` in the resilience package, where the server runs them as one step. A contract holds both against each
 * other. Keys of one breaker share a hash tag, so that a cluster keeps them together:
 *
 * KEYS[1] hash: state, cause, epoch, until, streak, successes, reason, actor, hold
 * KEYS[2] sorted set: votes by instant · KEYS[3] sorted set: leases by the instant at which they lapse
 *
 * Instants are milliseconds of the server's own clock, with three digits behind the point; '' stands for none.
 */
const PRELUDE = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000
local function text(ms) return string.format('%.3f', ms) end

local r = { state = 'closed', cause = 'rule', epoch = 0, streak = 0, successes = 0, reason = '', actor = '', hold = 0 }
local found = redis.call('HMGET', KEYS[1], 'state', 'cause', 'epoch', 'until', 'streak', 'successes', 'reason', 'actor', 'hold')
if found[1] then
  r = { state = found[1], cause = found[2], epoch = tonumber(found[3]), untilMs = tonumber(found[4]), streak = tonumber(found[5]),
    successes = tonumber(found[6]), reason = found[7], actor = found[8], hold = tonumber(found[9]) }
end
local firstEpoch, firstHold = r.epoch, r.hold

local function enter(state, cause, untilMs, streak, reason, actor)
  redis.call('DEL', KEYS[2], KEYS[3])
  r = { state = state, cause = cause, epoch = math.max(r.epoch + 1, math.floor(now)), untilMs = untilMs, streak = streak, successes = 0,
    reason = reason, actor = actor, hold = r.hold }
end

local function open(first, factor, cap, reason, actor)
  enter('open', 'rule', now + math.min(cap, first * factor ^ r.streak), r.streak + 1, reason, actor)
end

if r.state == 'isolated' and r.untilMs and now >= r.untilMs then
  enter('closed', 'rule', nil, 0, 'the isolation is over', r.actor)
end

local function finish(granted)
  -- Losing all of this means closed, which is safe; what a person has ordered stays for a month.
  local keep = 600000
  if r.untilMs then keep = math.max(keep, (r.untilMs - now) * 10) end
  if (r.state == 'isolated' and not r.untilMs) or r.state == 'disabled' then keep = 2592000000 end
  keep = math.floor(math.max(keep, r.hold - now + 60000))
  redis.call('HSET', KEYS[1], 'state', r.state, 'cause', r.cause, 'epoch', string.format('%.0f', r.epoch),
    'until', r.untilMs and text(r.untilMs) or '', 'streak', r.streak, 'successes', r.successes, 'reason', r.reason, 'actor', r.actor,
    'hold', text(r.hold))
  for index = 1, 3 do redis.call('PEXPIRE', KEYS[index], keep) end
  local view = { r.state, r.cause, string.format('%.0f', r.epoch), r.untilMs and text(r.untilMs) or '', tostring(r.streak), r.reason,
    r.actor, text(r.hold), text(now) }
  local changed = r.epoch ~= firstEpoch
  if changed or r.hold ~= firstHold then
    redis.call('PUBLISH', ARGV[1], cjson.encode({ ARGV[2], unpack(view) }))
  end
  return { changed and 1 or 0, granted and 1 or 0, view }
end
`;

/** ARGV: channel, name, instance, reason, needed, windowMs, firstMs, factor, capMs */
const VOTE = `${PRELUDE}
if r.state == 'closed' then
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now - tonumber(ARGV[6])))
  redis.call('ZADD', KEYS[2], text(now), ARGV[3])
  if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[5]) then
    open(tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[4], ARGV[3])
  end
end
return finish(false)
`;

/** ARGV: channel, name, token, leaseMs, probes */
const LEASE = `${PRELUDE}
if r.state == 'open' and r.untilMs and now >= r.untilMs then
  enter('half-open', r.cause, nil, r.streak, r.reason, r.actor)
end
local granted = false
if r.state == 'half-open' then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(now))
  if redis.call('ZCARD', KEYS[3]) < tonumber(ARGV[5]) then
    redis.call('ZADD', KEYS[3], text(now + tonumber(ARGV[4])), ARGV[3])
    granted = true
  end
end
return finish(granted)
`;

/** ARGV: channel, name, token, epoch, outcome, instance, successes, firstMs, factor, capMs */
const SETTLE = `${PRELUDE}
if r.state == 'half-open' and r.epoch == tonumber(ARGV[4]) and redis.call('ZREM', KEYS[3], ARGV[3]) == 1 then
  if ARGV[5] == 'failure' then
    open(tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10]), 'the probe failed', ARGV[6])
  elseif ARGV[5] == 'success' then
    r.successes = r.successes + 1
    if r.successes >= tonumber(ARGV[7]) then enter('closed', 'rule', nil, 0, 'the probes succeeded', ARGV[6]) end
  end
end
return finish(false)
`;

/** ARGV: channel, name, kind, actor, reason, forMs or '' */
const OVERRIDE = `${PRELUDE}
local forMs = tonumber(ARGV[6])
local untilMs = forMs and now + forMs
if ARGV[3] == 'reset' then enter('closed', 'hand', nil, 0, ARGV[5], ARGV[4])
elseif ARGV[3] == 'trip' then enter('open', 'hand', untilMs or now, r.streak + 1, ARGV[5], ARGV[4])
elseif ARGV[3] == 'isolate' then enter('isolated', 'hand', untilMs, r.streak, ARGV[5], ARGV[4])
else enter('disabled', 'hand', nil, r.streak, ARGV[5], ARGV[4]) end
return finish(false)
`;

/** ARGV: channel, name, forMs */
const HOLD = `${PRELUDE}
r.hold = math.max(r.hold, now + tonumber(ARGV[3]))
return finish(false)
`;

/** KEYS[1] hash: tokens, at. ARGV: earned, wanted, capacity, perSecond */
const EXCHANGE = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000
local capacity, perSecond = tonumber(ARGV[3]), tonumber(ARGV[4])
local found = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = capacity
if found[1] then tokens = tonumber(found[1]) + math.max(0, now - tonumber(found[2])) * perSecond / 1000 end
tokens = math.min(capacity, tokens + tonumber(ARGV[1]))
local granted = math.min(tonumber(ARGV[2]), math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens - granted), 'at', string.format('%.3f', now))
redis.call('PEXPIRE', KEYS[1], 3600000)
return granted
`;

/**
 * KEYS[1] sorted set: processes by the instant until which they count as alive · KEYS[2] sorted set: names of breakers that are not
 * closed, by the instant from which nobody need ask for them. ARGV: instance, aliveMs, most names
 */
const SYNC = `
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000 + tonumber(clock[2]) / 1000
local text = string.format('%.3f', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text)
redis.call('PEXPIRE', KEYS[1], 600000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text)
return { text, redis.call('ZCARD', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[3]) - 1) }
`;

/** By the name under which the client calls them, with the number of their keys. */
export const BREAKER_SCRIPTS = {
  breakerVote: { lua: VOTE, numberOfKeys: 3 },
  breakerLease: { lua: LEASE, numberOfKeys: 3 },
  breakerSettle: { lua: SETTLE, numberOfKeys: 3 },
  breakerOverride: { lua: OVERRIDE, numberOfKeys: 3 },
  breakerHold: { lua: HOLD, numberOfKeys: 3 },
  breakerExchange: { lua: EXCHANGE, numberOfKeys: 1 },
  breakerSync: { lua: SYNC, numberOfKeys: 2 },
} as const;

export type BreakerScript = keyof typeof BREAKER_SCRIPTS;
