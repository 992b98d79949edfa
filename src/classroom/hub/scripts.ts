/** In front of a script: it may write on a Redis that has no memory left. Needs Redis 7.0. */
export const ALLOW_OOM = '#!lua flags=allow-oom\n'

/**
 * Does what a list of commands says.
 * KEYS  all keys of the commands
 * ARGV  1 the commands as JSON
 */
export const DO_ALL = `
for _, command in ipairs(cjson.decode(ARGV[1])) do redis.call(unpack(command)) end
return 1`

/**
 * Stores a batch of one participant, in one step: known events are left out, new ones are appended under their own number,
 * and the other hubs are notified. A hub that's killed has done all of it or nothing, and the sender retries.
 * KEYS  1 participants · 2 the participant's stream of this log · 3 cursors · 4 news · 5 the participant's logs · 6 used
 * ARGV  1 participant · 2 log id · 3 the number that must be there · 4 most logs · 5 and 6 most events and bytes of a
 *       participant · 7 and 8 the same of the class · then number, event and time for each
 * Replies { 'stored', last number, how many were new, events and bytes that are left }, { 'send from', last number },
 * { 'another log' }, { 'join again' }, or { 'full', 'participant' or 'class' }, after which nothing was stored. Another log:
 * the event here under a number isn't the one that was sent, because the sender's log was reset to an earlier state and
 * continued from there, or is a copy that continues beside the original. The last known event is enough to detect that.
 */
export const RECEIVE = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return { 'join again' } end
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
local head = last and tonumber(string.match(last[1], '^%d+')) or 0
if tonumber(ARGV[3]) > head then return { 'send from', head } end
for i = #ARGV - 2, 9, -3 do
  if tonumber(ARGV[i]) <= head then
    local id = string.format('%d-0', ARGV[i])
    local here = redis.call('XRANGE', KEYS[2], id, id)[1]
    local eventId = string.match(ARGV[i + 1], '"eventId":"([^"]+)"')
    if not here or not string.find(here[2][2], '"eventId":"' .. eventId .. '"', 1, true) then return { 'another log' } end
    break
  end
end
local events = 0
local bytes = 0
for i = 9, #ARGV, 3 do
  if tonumber(ARGV[i]) > head then
    events = events + 1
    bytes = bytes + #ARGV[i + 1] + 100
  end
end
local used = redis.call('HMGET', KEYS[6], ARGV[1] .. ' events', ARGV[1] .. ' bytes', 'class events', 'class bytes')
for i = 1, 4 do used[i] = tonumber(used[i] or 0) end
local left = {
  tonumber(ARGV[5]) - used[1] - events, tonumber(ARGV[6]) - used[2] - bytes,
  tonumber(ARGV[7]) - used[3] - events, tonumber(ARGV[8]) - used[4] - bytes,
}
if events > 0 then
  if left[3] < 0 or left[4] < 0 then return { 'full', 'class' } end
  if left[1] < 0 or left[2] < 0 then return { 'full', 'participant' } end
  if not last and redis.call('SCARD', KEYS[5]) >= tonumber(ARGV[4]) then return { 'full', 'participant' } end
end
for i = 9, #ARGV, 3 do
  local n = tonumber(ARGV[i])
  if n > head then
    redis.call('XADD', KEYS[2], string.format('%d-0', n), 'event', ARGV[i + 1], 'at', ARGV[i + 2])
    head = n
  end
end
if events > 0 then
  redis.call('SADD', KEYS[5], ARGV[2])
  for _, who in ipairs({ ARGV[1], 'class' }) do
    redis.call('HINCRBY', KEYS[6], who .. ' events', events)
    redis.call('HINCRBY', KEYS[6], who .. ' bytes', bytes)
  end
  local cursors = redis.call('HGET', KEYS[3], ARGV[1]) or ''
  local mine = ARGV[2] .. ' ' .. string.format('%d', head)
  local isKnown = false
  cursors = string.gsub(cursors, '%S+ %d+', function (one)
    if string.match(one, '^%S+') ~= ARGV[2] then return one end
    isKnown = true
    return mine
  end)
  if not isKnown then cursors = cursors == '' and mine or cursors .. ' ' .. mine end
  redis.call('HSET', KEYS[3], ARGV[1], cursors)
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', 20000, '*', 'learner', ARGV[1])
end
return { 'stored', head, events, math.min(left[1], left[3]), math.min(left[2], left[4]) }`

/**
 * Stores an answer of a participant who shares theirs, within what they may store.
 * KEYS  1 participants · 2 the participant's answers · 3 used
 * ARGV  1 participant · 2 event id · 3 the answer · 4 most answers · 5 most bytes of a participant · 6 of the class
 * Replies 1 when it was stored.
 */
export const KEEP_CODE = `
local about = redis.call('HGET', KEYS[1], ARGV[1])
if not about or not string.find(about, '"share":true', 1, true) then return 0 end
if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) or redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 0 end
local used = redis.call('HMGET', KEYS[3], ARGV[1] .. ' bytes', 'class bytes')
local bytes = #ARGV[3] + 100
if tonumber(used[1] or 0) + bytes > tonumber(ARGV[5]) then return 0 end
if tonumber(used[2] or 0) + bytes > tonumber(ARGV[6]) then return 0 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
redis.call('HINCRBY', KEYS[3], ARGV[1] .. ' bytes', bytes)
redis.call('HINCRBY', KEYS[3], ARGV[1] .. ' code', bytes)
redis.call('HINCRBY', KEYS[3], 'class bytes', bytes)
return 1`

/**
 * Stores a recording of a participant who shares their code, in place of the oldest one if there are enough.
 * KEYS  1 participants · 2 the participant's recordings · 3 used
 * ARGV  1 participant · 2 event id · 3 the recording · 4 most recordings · 5 most bytes of a participant · 6 of the class
 * Replies 1 when it was stored.
 */
export const KEEP_RUN = `
local about = redis.call('HGET', KEYS[1], ARGV[1])
if not about or not string.find(about, '"share":true', 1, true) then return 0 end
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 0 end
local all = redis.call('HGETALL', KEYS[2])
local oldest, latest, freed = nil, 0, 0
local first = math.huge
for i = 1, #all, 2 do
  local n = tonumber(string.match(all[i + 1], '^%d+'))
  latest = math.max(latest, n)
  if n < first then
    oldest, first = i, n
  end
end
if #all / 2 < tonumber(ARGV[4]) then oldest = nil end
if oldest then freed = #all[oldest + 1] + 100 end
local value = string.format('%d ', latest + 1) .. ARGV[3]
local bytes = #value + 100 - freed
local used = redis.call('HMGET', KEYS[3], ARGV[1] .. ' bytes', 'class bytes')
if tonumber(used[1] or 0) + bytes > tonumber(ARGV[5]) then return 0 end
if tonumber(used[2] or 0) + bytes > tonumber(ARGV[6]) then return 0 end
if oldest then redis.call('HDEL', KEYS[2], all[oldest]) end
redis.call('HSET', KEYS[2], ARGV[2], value)
for _, what in ipairs({ ARGV[1] .. ' bytes', ARGV[1] .. ' code', 'class bytes' }) do
  redis.call('HINCRBY', KEYS[3], what, bytes)
end
return 1`

/**
 * Deletes all answers and recordings of a participant, who may then store as much again.
 * KEYS  1 the participant's answers · 2 their recordings · 3 used
 * ARGV  1 participant
 */
export const DROP_CODE = `
local bytes = tonumber(redis.call('HGET', KEYS[3], ARGV[1] .. ' code') or 0)
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HDEL', KEYS[3], ARGV[1] .. ' code')
redis.call('HINCRBY', KEYS[3], ARGV[1] .. ' bytes', 0 - bytes)
redis.call('HINCRBY', KEYS[3], 'class bytes', 0 - bytes)
return 1`

/**
 * Frees what a participant used, after their data was deleted. (In Lua, -used would be "-0" where it's 0.)
 * KEYS  1 used
 * ARGV  1 participant
 */
export const FREE = `
for _, what in ipairs({ 'events', 'bytes' }) do
  local used = tonumber(redis.call('HGET', KEYS[1], ARGV[1] .. ' ' .. what) or 0)
  redis.call('HINCRBY', KEYS[1], 'class ' .. what, 0 - used)
end
redis.call('HDEL', KEYS[1], ARGV[1] .. ' events', ARGV[1] .. ' bytes', ARGV[1] .. ' code')
return 1`

/**
 * Stores a snapshot, unless there's a later one, or the participant has left or has another log.
 * KEYS  1 participants · 2 snapshots · 3 cursors
 * ARGV  1 participant · 2 log id · 3 number of the last event in it · 4 the snapshot
 * A snapshot is stored as '<log id> <number> <JSON>'. Replies 1 when it was stored.
 */
export const SNAPSHOT = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
local head = redis.call('HGET', KEYS[3], ARGV[1])
if not head or string.match(head, '^%S+') ~= ARGV[2] then return 0 end
local kept = redis.call('HGET', KEYS[2], ARGV[1])
if kept then
  local log, n = string.match(kept, '^(%S+) (%d+) ')
  if log == ARGV[2] and tonumber(n) >= tonumber(ARGV[3]) then return 0 end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4])
return 1`
